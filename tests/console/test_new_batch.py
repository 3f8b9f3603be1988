"""Requesting a batch in a browser."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Locator, Page, Route, expect

from exchange.domain.ids import new_id
from tests.console.batches import enhance_all, list_batches, load_title, new_source, request
from tests.console.conftest import Visitor
from tests.console.visits import Visit
from tests.e2e.exchange import Exchange
from tests.e2e.robot import running_robot

NEW = "/console/new"


def fact(page: Page, name: str) -> Locator:
    """Return the value of a fact on the page."""
    return page.locator("dl > div").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def new_doi() -> str:
    return f"10.1234/{new_id()}"


@asynccontextmanager
async def filled_form(exchange: Exchange, visited: Visit, text: str, source: str = "") -> AsyncIterator[str]:
    """Open the form and choose a robot that enhances everything. Yield the id of the robot."""
    async with running_robot(exchange, enhance_all) as robot:
        name = f"robot {new_id()}"
        robot_id = await exchange.register_robot(robot.url, name=name)
        await visited.sign_in("requestor", NEW)
        await visited.page.get_by_label("Robot").select_option(label=name)
        await visited.page.get_by_label("Ids, DOIs, PubMed or OpenAlex ids").fill(text)
        await visited.page.get_by_label("Source (optional)").fill(source)
        yield robot_id


async def wait_for_batch(page: Page) -> str:
    """Wait until the page shows the batch that was requested, and return its id."""
    await page.wait_for_url(re.compile("/console/batches/"))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("completed")
    return page.url.rpartition("/")[2]


async def test_a_batch_is_requested_for_pasted_identifiers(exchange: Exchange, visit: Visitor) -> None:
    source, doi, unknown = new_source("new"), new_doi(), new_doi()
    by_id, by_doi = await load_title(exchange, "A title"), await load_title(exchange, "<b>Bold</b> title", doi)
    visited = await visit()
    page = visited.page
    text = f"{by_id}\nhttps://doi.org/{doi.upper()}\n\n(see {unknown}).\n{new_id()}"
    async with filled_form(exchange, visited, text, source) as robot_id:
        await expect(page.get_by_text("Found 2 ids and 2 identifiers.")).to_be_visible()
        await expect(page.get_by_role("button", name="Request", exact=True)).to_be_disabled()
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Known")).to_have_text("2")
        await expect(fact(page, "Unknown")).to_have_text("2")
        await expect(fact(page, "Enhanced already")).to_contain_text("0")
        await expect(page.get_by_role("link", name="<b>Bold</b> title")).to_be_visible()
        await page.get_by_text("Unknown, and left out: 2").click()
        await expect(page.get_by_text(f"doi {unknown}")).to_be_visible()
        await page.get_by_role("button", name="Add metadata").click()
        await page.get_by_label("Name", exact=True).fill("review")
        await page.get_by_label("Value", exact=True).fill("nudging")
        # A repeated click makes one batch.
        await page.get_by_role("button", name="Request 2 references").dblclick()
        batch_id = await wait_for_batch(page)
        assert [batch["id"] for batch in await list_batches(exchange, source)] == [batch_id]
        batch = await exchange.read({"id": batch_id})
        assert (batch["robot_id"], batch["metadata"], batch["test_run"]) == (robot_id, {"review": "nudging"}, False)
        assert set(batch["reference_ids"]) == {by_id, by_doi}


RIS = "TY  - JOUR\nTI  - Cites 10.1000/cited\nDO  - {}\nER  -\n"
BIBTEX = "@article{{key,\n  title = {{Cites 10.1000/cited}},\n  doi = {{{}}},\n}}\n"
CSV = 'title,doi,year\n"A title, with a comma",{},2020\n'


@pytest.mark.exhaustive
@pytest.mark.parametrize("record", [RIS, BIBTEX, CSV], ids=["RIS", "BibTeX", "CSV"])
async def test_records_are_found_by_their_own_doi(exchange: Exchange, visit: Visitor, record: str) -> None:
    doi = new_doi()
    await load_title(exchange, "The record", doi)
    visited = await visit()
    async with filled_form(exchange, visited, record.format(doi)):
        await expect(visited.page.get_by_text("Found 1 identifier.")).to_be_visible()
        await visited.page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(visited.page, "Known")).to_have_text("1")
        await expect(fact(visited.page, "Unknown")).to_have_text("0")
        await expect(visited.page.get_by_role("link", name="The record")).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", ["dropped", "chosen"])
async def test_a_file_is_read_in_the_browser(exchange: Exchange, visit: Visitor, way: str) -> None:
    references = await exchange.load_references(3)
    content = "".join(json.dumps({"id": reference, "secret": "not sent"}) + "\n" for reference in references)
    visited = await visit()
    page = visited.page
    bodies: list[str] = []
    page.on("request", lambda sent: bodies.append(sent.post_data or ""))
    async with filled_form(exchange, visited, ""):
        if way == "chosen":
            file = {"name": "loaded.jsonl", "mimeType": "application/jsonl", "buffer": content.encode()}
            await page.get_by_label("Or a file").set_input_files(file)  # type: ignore[arg-type]
        else:
            make = """(content) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([content], "loaded.jsonl"));
                return transfer;
            }"""
            transfer = await page.evaluate_handle(make, content)
            await page.locator(".drop").dispatch_event("drop", {"dataTransfer": transfer})
        await expect(page.get_by_text("Found 3 ids.")).to_be_visible()
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Known")).to_have_text("3")
        assert not any("not sent" in body for body in bodies)


@pytest.mark.exhaustive
async def test_references_that_are_enhanced_already_are_left_out(exchange: Exchange, visit: Visitor) -> None:
    references, source = await exchange.load_references(3), new_source("skip")
    visited = await visit()
    page = visited.page
    async with filled_form(exchange, visited, "\n".join(references), source) as robot_id:
        url = f"{exchange.stack.api}/robots/{robot_id}/"
        operator = exchange.as_role("operator")
        async with exchange.session.patch(url, json={"version": "1"}, headers=operator) as response:
            assert response.status == 200
        await exchange.wait_until_ended(await request(exchange, robot_id, references[:1]))
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Enhanced already")).to_have_text("1 by this version of the robot")
        await page.get_by_label("Skip what is enhanced").check()
        await expect(fact(page, "Enhanced already")).to_contain_text("which are left out")
        await page.get_by_role("button", name="Request 2 references").click()
        batch = await exchange.read({"id": await wait_for_batch(page)})
        assert (batch["counts"]["skipped"], batch["counts"]["enhanced"]) == (1, 2)


@pytest.mark.exhaustive
async def test_a_lost_answer_makes_one_batch(exchange: Exchange, visit: Visitor) -> None:
    references, source = await exchange.load_references(1), new_source("lost")
    visited = await visit()
    page = visited.page
    visited.watch.allow("ERR_FAILED")
    attempts: list[str | None] = []

    async def lose_first_answer(route: Route) -> None:
        attempts.append(await route.request.header_value("Idempotency-Key"))
        response = await route.fetch()
        if len(attempts) == 1:
            await route.abort()
        else:
            await route.fulfill(response=response)

    async with filled_form(exchange, visited, references[0], source):
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Known")).to_have_text("1")
        await page.route(re.compile(r"/batch/\?include_reference_ids"), lose_first_answer)
        await page.get_by_role("button", name="Request 1 reference").click()
        batch_id = await wait_for_batch(page)
    assert len(attempts) == 2
    assert attempts[0] == attempts[1] is not None
    assert [batch["id"] for batch in await list_batches(exchange, source)] == [batch_id]


@pytest.mark.exhaustive
async def test_a_refusal_is_shown_and_a_second_click_works(exchange: Exchange, visit: Visitor) -> None:
    """Answers that are lost again and again, then a click of the user: still one batch."""
    references, source = await exchange.load_references(1), new_source("patience")
    visited = await visit()
    page = visited.page
    visited.watch.allow("ERR_FAILED")

    async def lose_answer(route: Route) -> None:
        await route.fetch()
        await route.abort()

    async with filled_form(exchange, visited, references[0], source):
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Known")).to_have_text("1")
        pattern = re.compile(r"/batch/\?include_reference_ids")
        await page.route(pattern, lose_answer)
        await page.get_by_role("button", name="Request 1 reference").click()
        await expect(page.get_by_role("alert")).to_contain_text("The exchange cannot be reached.")
        await page.unroute(pattern)
        await page.get_by_role("button", name="Request 1 reference").click()
        batch_id = await wait_for_batch(page)
    assert [batch["id"] for batch in await list_batches(exchange, source)] == [batch_id]


@pytest.mark.exhaustive
async def test_a_test_run_adds_nothing(exchange: Exchange, visit: Visitor) -> None:
    reference = await load_title(exchange, "Untouched")
    visited = await visit()
    page = visited.page
    async with filled_form(exchange, visited, reference):
        await page.get_by_label("Test run").check()
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("button", name="Request 1 reference").click()
        batch_id = await wait_for_batch(page)
    await expect(page.get_by_text("This is a test run")).to_be_visible()
    assert (await exchange.read({"id": batch_id}))["test_run"] is True
    assert await exchange.list_enhancements(reference) == []


@pytest.mark.exhaustive
async def test_what_was_changed_has_to_be_checked_again(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(2)
    visited = await visit()
    page = visited.page
    async with filled_form(exchange, visited, references[0]):
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(page.get_by_role("button", name="Request 1 reference")).to_be_enabled()
        await page.get_by_label("Ids, DOIs, PubMed or OpenAlex ids").fill("\n".join(references))
        await expect(page.get_by_role("button", name="Request", exact=True)).to_be_disabled()
        await page.get_by_label("Ids, DOIs, PubMed or OpenAlex ids").fill(str(new_id()))
        await page.get_by_role("button", name="Check", exact=True).click()
        await expect(fact(page, "Unknown")).to_have_text("1")
        await expect(page.get_by_role("button", name=re.compile("^Request"))).to_be_disabled()


@pytest.mark.exhaustive
async def test_a_long_list_is_uploaded(exchange: Exchange, visit: Visitor) -> None:
    """The check is answered by the test, because loading so many references would take minutes."""
    ids = [str(new_id()) for _ in range(50_001)]
    source, checked = new_source("long"), list[int]()
    visited = await visit()
    page = visited.page
    visited.watch.allow("404")

    async def find_all(route: Route) -> None:
        checked.append(len((route.request.post_data_json or {})["reference_ids"]))
        await route.fulfill(json={"requested": checked[-1], "found": checked[-1], "unknown": [], "skipped": 0})

    file = {"name": "ids.txt", "mimeType": "text/plain", "buffer": "\n".join(ids).encode()}
    async with filled_form(exchange, visited, "", source):
        await page.route(re.compile(r"/batch/\?dry_run"), find_all)
        await page.get_by_label("Or a file").set_input_files(file)  # type: ignore[arg-type]
        await expect(page.get_by_text("Found 50,001 ids.")).to_be_visible()
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("button", name="Request 50,001 references").click()
        await page.wait_for_url(re.compile("/console/batches/"))
        await expect(page.get_by_role("heading", level=1)).to_contain_text("failed")
        await expect(page.get_by_text("The list of references has 50001 faults.")).to_be_visible()
    assert checked == [50_000, 1]
    assert len(await list_batches(exchange, source)) == 1
