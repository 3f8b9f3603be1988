"""The screens about batches: accessible and without scrolling sideways, in light, in dark and on a phone."""

import re

import pytest
from playwright.async_api import expect

from tests.console.accessibility import assert_accessible
from tests.console.batches import enhance_some, load_title, new_source, run
from tests.console.conftest import Visitor
from tests.console.visits import DESKTOP, PHONE, Scheme, Visit
from tests.e2e.exchange import Exchange


async def look(visited: Visit, name: str) -> None:
    await visited.screenshot(name)
    await visited.assert_fits()
    await assert_accessible(visited.page)


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        ("light", DESKTOP),
        pytest.param("dark", DESKTOP, marks=pytest.mark.exhaustive),
        pytest.param("light", PHONE, marks=pytest.mark.exhaustive),
        pytest.param("dark", PHONE, marks=pytest.mark.exhaustive),
    ],
)
async def test_every_screen_is_accessible(
    exchange: Exchange, visit: Visitor, scheme: Scheme, size: tuple[int, int]
) -> None:
    suffix = f"{scheme}-{'phone' if size == PHONE else 'desktop'}"
    source = new_source("Screening of trials")
    references = [await load_title(exchange, f"Effects of nudges on choice {number}: a trial") for number in range(5)]
    batch = await run(exchange, enhance_some(references), references, source=source, metadata={"review": "nudging"})
    visited = await visit(scheme=scheme, size=size)
    page = visited.page
    await visited.open()
    await look(visited, f"welcome-{suffix}")
    await visited.sign_in("requestor")
    await expect(page.get_by_role("link", name=f"Batch {batch['id'][:8]}")).to_be_visible()
    await look(visited, f"batches-{suffix}")
    await visited.assert_tables_fit()
    # Explanations are reached by the keyboard, by touch and by screen readers.
    meaning = page.get_by_text("Some references were enhanced, others were not.")
    await expect(meaning).to_be_hidden()
    await page.get_by_text("What the statuses mean").press("Enter")
    await expect(meaning).to_be_visible()
    whole_time = page.get_by_role("row", name=batch["id"][:8]).get_by_role("time")
    await expect(whole_time).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    await look(visited, f"batches-statuses-{suffix}")
    await page.get_by_role("checkbox", name="Select all on this page").check()
    await page.get_by_role("button", name="Retry ...").click()
    await expect(page.get_by_role("dialog")).to_contain_text("will be requested again")
    await look(visited, f"batches-retry-{suffix}")

    await visited.open(f"/console/batches/{batch['id']}")
    await expect(page.get_by_text("Some references were enhanced, others were not.")).to_be_visible()
    await page.get_by_role("button", name="Show labels and scores").click()
    await expect(page.get_by_role("region", name="Labels, most frequent first")).to_be_visible()
    await expect(page.get_by_role("link", name="choice 4").first).to_be_visible()
    await look(visited, f"batch-{suffix}")
    await page.get_by_role("button", name="Retry what was not enhanced ...").click()
    await look(visited, f"batch-retry-{suffix}")

    await visited.open(f"/console/new?from={batch['id']}")
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.get_by_role("heading", name="The first of them")).to_be_visible()
    await expect(page.get_by_role("link", name="choice 0")).to_be_visible()
    await look(visited, f"new-batch-{suffix}")
