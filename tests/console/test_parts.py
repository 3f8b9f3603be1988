"""A batch in parts in a browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.console.batches import enhance_all, request
from tests.console.conftest import Visitor
from tests.console.fetching import NO_ABSTRACT, NO_LEASE_S, fetching_robot
from tests.console.screens import VIEWS, fact, inspect, rows
from tests.console.visits import Visit
from tests.e2e.exchange import ENDED, Batch, Exchange
from tests.e2e.robot import running_robot

IMPORT_S = 300.0
STATES = ("completed", "completed", "completed", "partial_failed", "failed", "importing", "accepted", "received")


def screen_of(batch: Batch) -> str:
    return f"/console/batches/{batch['id']}"


def section(page: Page, title: str) -> Locator:
    return page.locator("section.panel").filter(has=page.get_by_role("heading", name=title, exact=True))


def squares(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Parts").get_by_role("option")


def square(page: Page, number: int, state: str) -> Locator:
    return page.get_by_role("option", name=f"Part {number}: {state}", exact=True)


def unmade(page: Page) -> Locator:
    return page.locator(".squares .part-unmade")


async def test_parts_that_are_fetched_are_followed_to_their_end(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(10)
    async with fetching_robot(exchange) as robot:
        batch = await request(exchange, robot.id, references)
        visited = await visit()
        page = visited.page
        await visited.sign_in("requestor", screen_of(batch))
        happened, parts = section(page, "What happened"), section(page, "Parts")
        await expect(happened).to_contain_text("10 references wait until a robot fetches them.")
        await expect(parts).to_contain_text("No part is made yet.")
        await expect(parts.locator("dl.legend")).to_have_text(re.compile(r"^\s*references in no part yet\s*10\s*$"))

        # Nothing is loaded again by hand from here on.
        first = await robot.fetch(4)
        await expect(square(page, 1, "with a robot")).to_be_visible()
        # Two more parts of this size are enough for the other six.
        await expect(unmade(page)).to_have_count(2)
        await expect(happened).to_contain_text("Robots work on 1 part. 6 references wait until a robot fetches them.")
        await robot.deliver(first, failures=1)
        await expect(square(page, 1, "partly failed")).to_be_visible()

        await robot.fetch(4, NO_LEASE_S)
        await expect(square(page, 2, "waiting")).to_be_visible()
        second = await robot.fetch(2)
        third = await robot.fetch(4)
        await expect(square(page, 2, "replaced")).to_be_visible()
        await robot.deliver(second)
        await robot.deliver(third, failures=third.reference_count)
        rest = await robot.fetch(4)
        await robot.deliver(rest)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("partly failed")
    legend = section(page, "Parts").locator("dl.legend")
    await expect(legend).to_have_text(re.compile(r"completed\s*2.*partly failed\s*1.*failed\s*1.*replaced\s*1"))
    await expect(happened.get_by_role("listitem")).to_contain_text(
        ["Requested", "First part with a robot", "All parts ended", "Ended: partly failed"]
    )
    await expect(rows(page, "Errors by message")).to_contain_text([NO_ABSTRACT])
    await expect(rows(page, "Entries of the report")).to_have_count(10)


async def test_a_part_is_chosen_by_the_keyboard_or_by_a_click(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(6)
    async with fetching_robot(exchange) as robot:
        batch = await request(exchange, robot.id, references)
        first, second = await robot.fetch(2), await robot.fetch(2)
        await robot.deliver(first, failures=2)
        visited = await visit()
        page = visited.page
        await visited.sign_in("requestor", screen_of(batch))
        await expect(square(page, 1, "failed")).to_be_visible()
        strip = page.get_by_role("listbox", name="Parts")
        await strip.focus()
        await page.keyboard.press("ArrowRight")
        chosen = page.get_by_role("region", name="Part 1")
        await expect(chosen).to_contain_text("2 references: 2 failed")
        await expect(square(page, 1, "failed")).to_have_attribute("aria-selected", "true")
        assert await strip.get_attribute("aria-activedescendant") == "part-1"
        await page.keyboard.press("End")
        chosen = page.get_by_role("region", name="Part 2")
        await expect(chosen).to_contain_text("2 references: 2 pending")
        await expect(fact(page, "Leased until")).to_be_visible()
        assert page.url.endswith("?part=2")
        await square(page, 1, "failed").click()
        await expect(page.get_by_role("region", name="Part 1")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("region", name="Part 1")).to_be_visible()

        await page.get_by_text("Show the parts as a table").click()
        table = rows(page, "Parts")
        await expect(table).to_have_count(2)
        await expect(table.nth(1)).to_contain_text("2 references: 2 pending")
        await page.get_by_role("link", name="Part 2", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(f"Part {str(second.id)[:8]}")
        await expect(page.get_by_text("This is a part of")).to_be_visible()
        for action in ("Cancel", "Retry"):
            await expect(page.get_by_role("button", name=action)).to_have_count(0)
        await page.get_by_role("link", name=f"batch {batch['id'][:8]}").click()
        await expect(strip).to_be_visible()
        await page.get_by_role("button", name="Cancel ...").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel the batch").click()
        await expect(section(page, "What happened")).to_contain_text("Cancelled")


@pytest.mark.exhaustive
@pytest.mark.timeout(2 * IMPORT_S)
async def test_a_hundred_parts_that_are_sent_are_shown(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(100)
    async with running_robot(exchange, enhance_all) as robot:
        robot_id = await exchange.register_robot(robot.url)
        visited = await visit()
        page = visited.page
        await visited.sign_in("operator", f"/console/robots/{robot_id}")
        await page.get_by_role("button", name="Change the settings").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("References in one job").fill("1")
        await dialog.get_by_role("button", name="Save").click()
        await expect(fact(page, "References in one job")).to_have_text("at most 1")
        batch = await request(exchange, robot_id, references)
        await visited.open(screen_of(batch))
        await expect(squares(page).first).to_be_visible()
        await expect(section(page, "What happened")).to_contain_text("in later parts")
        await expect(page.locator(".squares .part")).to_have_count(100)
        await visited.screenshot("parts-100-running")
        await exchange.wait_until(batch, ENDED, IMPORT_S)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("completed")
    await expect(squares(page)).to_have_count(100)
    await expect(section(page, "Parts")).to_contain_text("100 parts are made, and none of them is open.")
    await inspect(visited, "parts-100")


def make_part(number: int) -> dict[str, Any]:
    """Return a part as the API does. The states take turns."""
    status = STATES[number % len(STATES)]
    common = {"id": f"{number:08x}-0000-4000-8000-000000000000", "number": number, "references": 50}
    counts = {"requested": 50, "enhanced": 0, "failed": 0, "missing": 0, "cancelled": 0, "skipped": 0, "pending": 50}
    error = "The lease expired. The references go to another part." if status == "failed" else None
    times = {"created_at": "2026-11-28T09:00:00Z", "accepted_at": None, "delivered_at": None, "ended_at": None}
    # Every other failure is a lease that expired.
    returned = status == "failed" and number % 16 > 8
    lease = "2126-11-28T09:10:00Z"
    return {
        **common,
        **times,
        "request_status": status,
        "counts": counts,
        "error": error,
        "returned": returned,
        "leased_until": lease,
    }


@asynccontextmanager
async def showing_parts(visited: Visit, exchange: Exchange, made: int) -> AsyncIterator[str]:
    """Open the screen of a batch of which the API answers that so many parts are made. Yield its path."""
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    batch = await request(exchange, robot_id, await exchange.load_references(1))
    parts = {"made": made, "open": made // 3, "left": 900}
    shown = {**await exchange.read(batch), "reference_ids": None, "request_status": "accepted", "parts": parts}

    async def answer_batch(route: Route) -> None:
        await route.fulfill(json=shown)

    async def answer_parts(route: Route) -> None:
        after = int(re.findall(r"continuation=(\d+)", route.request.url)[0])
        listed = [make_part(number) for number in range(after + 1, min(after + 1_000, made) + 1)]
        await route.fulfill(json={"parts": listed, "continuation": None})

    await visited.page.route(re.compile(f"enhancement/batch/{batch['id']}\\?"), answer_batch)
    await visited.page.route(re.compile(f"enhancement/batch/{batch['id']}/parts"), answer_parts)
    await visited.sign_in("requestor", screen_of(batch))
    yield screen_of(batch)
    # A call may be in flight.
    await visited.page.unroute_all(behavior="ignoreErrors")


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("made", [100, 1_000])
async def test_many_parts_are_accessible(exchange: Exchange, visit: Visitor, view: str, made: int) -> None:
    visited = await visit(**VIEWS[view])
    page = visited.page
    async with showing_parts(visited, exchange, made):
        await expect(squares(page)).to_have_count(made)
        await expect(unmade(page)).to_have_count(18 if made == 100 else 0)
        await square(page, 20, "failed").click()
        await expect(page.get_by_role("region", name="Part 20")).to_be_visible()
        await inspect(visited, f"parts-{made}-{view}")
        await page.get_by_text("Show the parts as a table").click()
        await expect(rows(page, "Parts")).to_have_count(made)
        await inspect(visited, f"parts-{made}-table-{view}")
        if view == "phone":
            await visited.assert_tables_fit()


@pytest.mark.exhaustive
async def test_more_than_a_thousand_parts_are_shown_in_pages(exchange: Exchange, visit: Visitor) -> None:
    visited = await visit()
    page = visited.page
    parts = section(page, "Parts")
    async with showing_parts(visited, exchange, 2_345) as path:
        await expect(squares(page)).to_have_count(1_000)
        await expect(parts).to_contain_text(
            "2,345 parts are made, and 781 of them have not ended. 1,000 of them are shown"
        )
        await expect(parts).to_contain_text("Parts 1 to 1,000 of 2,345")
        # What is not made yet follows the last part.
        await expect(unmade(page)).to_have_count(0)
        await parts.get_by_role("button", name="Next").click()
        await expect(page.get_by_role("region", name="Part 1,001")).to_be_visible()
        await parts.get_by_role("button", name="Next").click()
        await expect(parts).to_contain_text("Parts 2,001 to 2,345 of 2,345")
        await expect(squares(page)).to_have_count(345)
        await expect(unmade(page).first).to_be_attached()
        await expect(parts.get_by_role("button", name="Next")).to_be_disabled()
        for part in ("0", "-7", "abc", "99999"):
            await visited.open(f"{path}?part={part}")
            await expect(squares(page)).to_have_count(345 if part == "99999" else 1_000)
            await expect(page.locator(".chosen-part")).to_have_count(0)
