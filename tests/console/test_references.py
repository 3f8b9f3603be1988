"""Finding references, and the page of a reference."""

import re

import pytest
from playwright.async_api import Page, expect

from exchange.domain.ids import new_id
from tests.console.conftest import Visitor
from tests.console.material import doi, enhancement, label, load, new_number, reference, run_batch
from tests.console.screens import VIEWS, fact, inspect, open_screen
from tests.e2e.exchange import Exchange

ABSTRACT = "We followed 1,240 adults for two years. " * 12
LABELS = (label("cohort", score=0.914), label("randomised trial", value=False, score=0.08))
SCRIPT = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
RIGHT_TO_LEFT = "\u202egnp.exe\u202c \u05d1\u05d3\u05d9\u05e7\u05d4"


async def find(page: Page, text: str) -> None:
    await page.get_by_label("Identifier").fill(text)
    await page.get_by_role("button", name="Find").click()


async def test_a_reference_is_found_and_its_page_has_what_robots_added(exchange: Exchange, visit: Visitor) -> None:
    number = new_number()
    identifiers = [
        doi(str(number)),
        {"identifier_type": "pm_id", "identifier": number},
        {"identifier_type": "open_alex", "identifier": f"W{number}"},
        {"identifier_type": "other", "identifier": str(number), "other_identifier_name": "shelf"},
    ]
    title = f"Sleep and memory {number}"
    ids = await load(exchange, reference(title, *identifiers, abstract=ABSTRACT))
    batch = await run_batch(exchange, ids, lambda item: enhancement(item, *LABELS), name=f"Designs {number}")
    visited = await open_screen(visit, "requestor", "references")
    page = visited.page
    heading = page.get_by_role("heading", name=title, level=1)
    for text in (
        f"https://doi.org/10.1000/{number}",
        f"PMID: {number}",
        f"https://openalex.org/W{number}",
        f"shelf:{number}",
        ids[0],
    ):
        await find(page, text)
        await expect(heading).to_be_visible()
        await expect(page).to_have_url(re.compile(f"/references/{ids[0]}$"))
        await page.get_by_role("link", name="References", exact=True).click()
        await expect(page.get_by_label("Identifier")).to_have_value("")
    await find(page, f"10.1000/{number}")
    await expect(page.get_by_text(ABSTRACT.strip(), exact=True).first).to_be_visible()
    for name, address in (
        (f"10.1000/{number}", f"https://doi.org/10.1000/{number}"),
        (str(number), f"https://pubmed.ncbi.nlm.nih.gov/{number}/"),
        (f"W{number}", f"https://openalex.org/W{number}"),
    ):
        await expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("href", address)
    await expect(fact(page, "shelf")).to_have_text(str(number))
    entries = page.locator(".enhancements > li")
    await expect(entries).to_have_count(3)
    newest = entries.first
    await expect(newest.get_by_role("listitem").nth(0)).to_contain_text(re.compile(r"^\s*cohort\s+0\.91\s+design"))
    await expect(newest.get_by_role("listitem").nth(1)).to_contain_text(re.compile(r"not randomised trial\s+0\.08"))
    await expect(newest).to_contain_text(re.compile(rf"by Designs {number} 2\.1, .*, in batch {batch['id'][:8]}"))
    await expect(entries.last).to_contain_text(re.compile("by library, .*, loaded with the reference"))


@pytest.mark.exhaustive
async def test_several_references_are_listed_with_those_that_are_not_known(exchange: Exchange, visit: Visitor) -> None:
    numbers = [new_number(), new_number()]
    await load(exchange, *(reference(f"Title {number}", doi(str(number))) for number in numbers))
    visited = await open_screen(visit, "requestor", "references")
    page = visited.page
    await find(page, f"10.1000/{numbers[0]} 10.1000/{numbers[1]} 10.1000/unknown")
    for number in numbers:
        await expect(page.get_by_role("link", name=f"Title {number}")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("No reference has this identifier: DOI 10.1000/unknown")
    # The address has what was looked for, so that it is still there when the user comes back.
    await page.get_by_role("link", name=f"Title {numbers[1]}").click()
    await expect(page.get_by_role("heading", name=f"Title {numbers[1]}", level=1)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("link", name=f"Title {numbers[0]}")).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1000/not-there", "No reference has this identifier: DOI 10.1000/not-there"),
        ("shelf:not there", "No reference has this identifier: shelf:not there"),
        ("Sleep and memory", "There is no identifier in this text. References cannot be found by their titles."),
    ],
)
async def test_what_is_not_found_is_named(visit: Visitor, text: str, expected: str) -> None:
    visited = await open_screen(visit, "requestor", "references")
    await find(visited.page, text)
    await expect(visited.page.get_by_role("status")).to_contain_text(expected)
    await expect(visited.page.get_by_role("link", name="Load references")).to_have_count(0)


@pytest.mark.exhaustive
async def test_contributors_are_offered_to_load_what_is_not_found(visit: Visitor) -> None:
    visited = await visit("operator")
    page = visited.page
    await page.get_by_role("link", name="References", exact=True).click()
    await find(page, "10.1000/not-there")
    await page.get_by_role("status").get_by_role("link", name="Load references").click()
    await expect(page.get_by_role("heading", name="Load references", level=1)).to_be_visible()


@pytest.mark.exhaustive
async def test_pubmed_ids_may_be_separated_by_spaces_and_commas(exchange: Exchange, visit: Visitor) -> None:
    numbers = [new_number(), new_number()]
    await load(
        exchange,
        *(reference(f"Title {number}", {"identifier_type": "pm_id", "identifier": number}) for number in numbers),
    )
    visited = await open_screen(visit, "requestor", "references")
    await find(visited.page, ", ".join(map(str, numbers)))
    for number in numbers:
        await expect(visited.page.get_by_role("link", name=f"Title {number}")).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", ["light", "phone"])
@pytest.mark.parametrize("hostile", [SCRIPT, RIGHT_TO_LEFT, "word " * 2_000, "x" * 10_000])
async def test_hostile_texts_are_shown_as_text(exchange: Exchange, visit: Visitor, hostile: str, view: str) -> None:
    title = f"{hostile.strip()} {new_number()}"
    ids = await load(exchange, reference(title, abstract=hostile, labels=[label(hostile, score=0.5)]))
    await run_batch(exchange, ids, lambda item: enhancement(item, label(hostile)), name=f"{hostile[:1900]} {new_id()}")
    visited = await open_screen(visit, "requestor", f"references/{ids[0]}", view)
    page = visited.page
    heading = page.get_by_role("heading", level=1)
    assert await heading.text_content() == title
    assert await page.locator("p.abstract").first.text_content() == hostile
    await expect(page.locator(".chip").first).to_contain_text(hostile[:1_000].strip())
    await visited.assert_fits()
    assert "taken" not in (await page.title()).split("'")[-1]
    assert await page.evaluate("() => document.querySelectorAll('main script, main img').length") == 0
    # Text that runs from right to left ends with its element.
    assert await page.evaluate("() => document.querySelector('h1 bdi') !== null")
    await visited.open(f"/console/references?find={ids[0]}%20{(await load(exchange, reference('Another')))[0]}")
    await expect(page.get_by_role("link", name="Another")).to_be_visible()
    await visited.assert_fits()


@pytest.mark.exhaustive
async def test_a_hidden_reference_is_not_found_by_requestors(exchange: Exchange, visit: Visitor) -> None:
    (hidden,) = await load(exchange, reference("Hidden one", visibility="hidden"))
    for role, expected in (("operator", "Hidden one"), ("requestor", "Reference")):
        visited = await open_screen(visit, "operator" if role == "operator" else "requestor", f"references/{hidden}")
        await expect(visited.page.get_by_role("heading", name=expected, level=1)).to_be_visible()
        if role == "operator":
            await expect(fact(visited.page, "Visibility")).to_have_text("hidden")
        else:
            await expect(visited.page.get_by_role("alert")).to_contain_text(hidden)
            visited.watch.allow("answer 404")


@pytest.mark.exhaustive
async def test_older_enhancements_are_shown_page_by_page(exchange: Exchange, visit: Visitor) -> None:
    known = reference("Many enhancements", labels=[label("oldest")])
    (only,) = await load(exchange, known)
    extra = known["enhancements"][-1]
    for start in (0, 500):
        more = [
            {**extra, "content": {**extra["content"], "annotations": [label(f"label {start + number}")]}}
            for number in range(500)
        ]
        assert await load(exchange, {**known, "enhancements": more}) == [only]
    visited = await open_screen(visit, "requestor", f"references/{only}")
    entries = visited.page.locator(".enhancements > li")
    older = visited.page.get_by_role("button", name="Show older ones")
    await expect(older).to_be_visible()
    shown = await entries.count()
    assert shown <= 1_000
    while await older.count():
        await older.click()
        await expect(entries.nth(shown)).to_be_visible()
        shown = await entries.count()
    assert shown == 1_002
    await expect(visited.page.locator(".chip", has_text="oldest")).to_have_count(1)


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screens_are_accessible(exchange: Exchange, visit: Visitor, view: str) -> None:
    number = new_number()
    identifiers = [doi(str(number)), {"identifier_type": "pm_id", "identifier": number}]
    ids = await load(
        exchange,
        reference(f"Sleep and memory in older adults {number}: a cohort study", *identifiers, abstract=ABSTRACT),
        reference("Another title, of a reference that has no abstract"),
    )
    await run_batch(exchange, ids, lambda item: enhancement(item, *LABELS), name=f"Study designs {number}")
    visited = await open_screen(visit, "operator" if view == "dark" else "requestor", "references", view)
    await find(visited.page, f"{ids[0]} {ids[1]} 10.1000/unknown")
    await expect(visited.page.get_by_role("status")).to_contain_text("DOI 10.1000/unknown")
    await expect(visited.page.get_by_role("link", name=str(number))).to_be_visible()
    await inspect(visited, f"references-{view}")
    await visited.page.get_by_role("link", name=str(number)).click()
    await expect(visited.page.locator(".chip").first).to_be_visible()
    await inspect(visited, f"reference-{view}")
