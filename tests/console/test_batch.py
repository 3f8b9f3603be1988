"""One batch in a browser."""

import json
import re
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Locator, Page, expect

from tests.console.batches import (
    NO_ABSTRACT,
    NO_MODEL,
    UNKNOWN_LANGUAGE,
    deliver,
    enhance_all,
    enhance_some,
    fail,
    load_title,
    new_source,
    request,
    run,
)
from tests.console.conftest import Visitor
from tests.console.figures import write_figures
from tests.console.visits import Visit
from tests.e2e.exchange import ENDED, Exchange
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.results import annotation

# On a busy machine.
IMPORT_S = 300.0


def screen_of(batch: dict[str, Any]) -> str:
    return f"/console/batches/{batch['id']}"


def section(page: Page, title: str) -> Locator:
    return page.locator("section").filter(has=page.get_by_role("heading", name=title, exact=True))


def table(page: Page, caption: str) -> Locator:
    return page.get_by_role("region", name=caption).locator("tbody tr")


async def read_link(visit: Visit, name: str) -> str:
    """Return what a link to a file opens."""
    href = await visit.page.get_by_role("link", name=name, exact=True).get_attribute("href")
    assert href is not None
    response = await visit.context.request.get(href)
    assert response.ok
    return await response.text()


async def test_a_batch_with_failures_is_understood_and_retried(exchange: Exchange, visit: Visitor) -> None:
    titles = [f"Trial {number} of the <b>screen</b>" for number in range(4)]
    references = [await load_title(exchange, title) for title in titles]
    batch = await run(exchange, enhance_some(references), references, source="screen", metadata={"review": "nudging"})
    visited = await visit()
    page = visited.page
    await visited.sign_in("requestor", screen_of(batch))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("partly failed")
    happened = section(page, "What happened").get_by_role("listitem")
    await expect(happened).to_contain_text([r"Requested", "Accepted by the robot", "Result delivered", "Ended: partly"])
    legend = section(page, "References").locator("dl")
    await expect(legend).to_contain_text(re.compile(r"enhanced\s*1\s*25%.*failed\s*2\s*50%.*missing.*1\s*25%"))
    await expect(section(page, "About it")).to_contain_text("review nudging")

    errors = table(page, "Errors by message")
    await expect(errors.filter(has_text=NO_ABSTRACT)).to_contain_text(references[1][:8])
    await expect(errors.filter(has_text=UNKNOWN_LANGUAGE)).to_contain_text(references[2][:8])
    entries = table(page, "Entries of the report")
    await expect(entries).to_have_count(5)
    await expect(entries.filter(has_text=UNKNOWN_LANGUAGE)).to_contain_text(titles[2])
    await page.get_by_label("What became of it").select_option(label="missing from the result")
    await expect(entries).to_have_count(1)
    await expect(entries).to_contain_text(titles[3])
    assert "kind=missing" in page.url

    async with running_robot(exchange, enhance_all) as robot:
        name = f"better robot {batch['id']}"
        other = await exchange.register_robot(robot.url, name=name)
        await page.reload()
        await page.get_by_role("button", name="Retry what was not enhanced ...").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("3 references")
        await dialog.get_by_label("Robot").select_option(label=name)
        await dialog.get_by_role("button", name="Retry").click()
        await expect(page.get_by_text("It retries")).to_be_visible()
        # It reaches its end without a click.
        await expect(page.get_by_role("heading", level=1)).to_contain_text("completed")
        await expect(section(page, "References").get_by_role("img")).to_have_accessible_name("3 enhanced")
    retried = (await exchange.read(batch))["retried_as"]
    assert page.url.endswith(retried)
    assert (await exchange.read({"id": retried}))["robot_id"] == other
    await page.get_by_role("link", name=f"batch {batch['id'][:8]}").click()
    await expect(page.get_by_text("It was retried as")).to_be_visible()


@pytest.mark.exhaustive
async def test_the_files_can_be_opened(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(4)
    batch = await run(exchange, enhance_some(references), references)
    visited = await visit()
    await visited.sign_in("requestor", screen_of(batch))
    report = await read_link(visited, "Report as text")
    assert f"Reference {references[0]}: Enhancement added." in report
    lines = [json.loads(line) for line in (await read_link(visited, "Report as JSON lines")).splitlines()]
    assert references[3] in {line["reference_id"] for line in lines}
    added = [json.loads(line) for line in (await read_link(visited, "Enhancements")).splitlines()]
    assert [line["reference_id"] for line in added] == [references[0]]
    async with visited.context.expect_page() as opened:
        await visited.page.get_by_role("link", name="Report as text").click()
    file = await opened.value
    await expect(file.locator("body")).to_contain_text("Enhancement added.")
    assert await file.evaluate("() => [window.opener, document.referrer]") == [None, ""]


@pytest.mark.exhaustive
async def test_labels_are_shown_with_their_scores(exchange: Exchange, visit: Visitor) -> None:
    async def score(robot: Robot, job: Job) -> web.Response:
        entries = []
        for number, reference in enumerate(await robot.download_references(job)):
            entry = annotation(reference["id"])
            entry["content"]["annotations"][0] |= {"score": number / 10, "value": number > 4}
            entries.append(entry)
        return await deliver(robot, job, *entries)

    batch = await run(exchange, score, await exchange.load_references(10))
    visited = await visit()
    await visited.sign_in("requestor", screen_of(batch))
    page = visited.page
    await page.get_by_role("button", name="Show labels and scores").click()
    labels = table(page, "Labels, most frequent first")
    await expect(labels).to_have_count(1)
    assert (await labels.inner_text()).split() == ["design:cohort", "10", "5", "5", "10"]
    plot = section(page, "Labels").locator("figure")
    await expect(plot.get_by_role("img")).to_have_accessible_name(re.compile("Scores of"))
    await plot.locator("summary").click()
    counts = await plot.locator("tbody tr td:last-child").all_inner_texts()
    assert sum(map(int, counts)) == 10


@pytest.mark.exhaustive
async def test_an_open_batch_is_cancelled_with_a_reason(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(3)
    async with running_robot(exchange, accept_job) as robot:
        batch = await request(exchange, await exchange.register_robot(robot.url), references)
        await exchange.wait_until(batch, {"accepted"})
        visited = await visit()
        await visited.sign_in("requestor", screen_of(batch))
        page = visited.page
        await expect(section(page, "What happened")).to_contain_text("The robot has the batch and works on it.")
        await expect(section(page, "What happened")).to_contain_text("Without progress the exchange ends it on")
        await page.get_by_role("button", name="Cancel ...").click()
        dialog = page.get_by_role("dialog", name="Cancel the batch")
        await expect(dialog).to_contain_text("3 references are pending and will be cancelled.")
        await dialog.get_by_label("Reason (optional)").fill('the robot\'s "wrong" model')
        await dialog.get_by_text("The same on the command line").click()
        await expect(dialog.locator("code").first).to_contain_text("--reason")
        await dialog.get_by_role("button", name="Cancel the batch").dblclick()
        await expect(dialog).to_be_hidden()
        await expect(page.get_by_role("main")).to_contain_text('the robot\'s "wrong" model')
        await expect(section(page, "References").get_by_role("img")).to_have_accessible_name("3 cancelled")
        await expect(section(page, "What happened")).to_contain_text("Cancelled")


@pytest.mark.exhaustive
async def test_a_batch_that_failed_is_requested_again(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(2)
    source = new_source("again")
    batch = await run(exchange, fail, references, source=source, metadata={"review": "nudging"})
    visited = await visit()
    await visited.sign_in("requestor", screen_of(batch))
    page = visited.page
    await expect(page.get_by_role("main")).to_contain_text(NO_MODEL)
    await expect(page.get_by_role("main")).to_contain_text("The robot gave up on the whole batch.")
    await page.get_by_role("link", name="Request again").click()
    await expect(page.get_by_label("Ids, DOIs, PubMed or OpenAlex ids")).to_have_value("\n".join(references))
    await expect(page.get_by_label("Robot")).to_have_value(batch["robot_id"])
    await expect(page.get_by_label("Source (optional)")).to_have_value(source)
    await expect(page.get_by_label("Name", exact=True)).to_have_value("review")
    await expect(page.get_by_label("Value", exact=True)).to_have_value("nudging")


@pytest.mark.exhaustive
async def test_a_test_run_says_that_nothing_was_added(exchange: Exchange, visit: Visitor) -> None:
    batch = await run(exchange, enhance_all, await exchange.load_references(1), test_run=True)
    visited = await visit()
    await visited.sign_in("requestor", screen_of(batch))
    await expect(visited.page.get_by_role("main")).to_contain_text("nothing is added to the references")
    await expect(visited.page.get_by_role("link", name="Report as text")).to_be_visible()


@pytest.mark.exhaustive
async def test_what_a_user_may_not_see_is_said_in_the_sentence_of_the_api(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(1)
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batch = await request(exchange, robot_id, references, role="operator")
        visited = await visit("requestor")
        visited.watch.allow("answer 403", "answer 404")
        unknown = "00000000-0000-4000-8000-000000000000"
        for batch_id in (batch["id"], unknown):
            async with exchange.session.get(
                f"{exchange.stack.api}/references/enhancement/batch/{batch_id}", headers=exchange.as_role("requestor")
            ) as response:
                sentence = (await response.json())["detail"]
            await visited.open(f"/console/batches/{batch_id}")
            await expect(visited.page.get_by_role("alert")).to_contain_text(sentence)
        await visited.open("/console/batches/abc")
        await expect(visited.page.get_by_role("heading", name="There is no such screen")).to_be_visible()
        visited = await visit()
        await visited.sign_in("operator", screen_of(batch))
        await expect(visited.page.get_by_role("button", name="Cancel ...")).to_be_visible()


async def repeat(robot: Robot, job: Job) -> web.Response:
    """Add 200 labels to each reference."""
    references = [reference["id"] for reference in await robot.download_references(job)]
    return await deliver(robot, job, *(annotation(item, f"label {i}") for item in references for i in range(200)))


@pytest.mark.exhaustive
@pytest.mark.timeout(2 * IMPORT_S)
async def test_a_hundred_thousand_entries_are_paged(exchange: Exchange, visit: Visitor) -> None:
    references = await exchange.load_references(500)
    async with running_robot(exchange, repeat) as robot:
        requested = await request(exchange, await exchange.register_robot(robot.url), references)
        batch = await exchange.wait_until(requested, ENDED, IMPORT_S)
    assert batch["entries"]["total"] == 100_000
    visited = await visit("requestor")
    await visited.open(screen_of(batch))
    page = visited.page
    entries = table(page, "Entries of the report")
    await expect(entries).to_have_count(25)
    first_view_ms = await visited.time_to_first_view()
    await expect(section(page, "About it")).to_contain_text("100,000: 100,000 added")
    first_line = entries.first.locator("td").first
    for line, number in (("26", 2), ("51", 3)):
        await page.get_by_role("button", name="Next").click()
        await expect(page.get_by_text(f"Page {number}")).to_be_visible()
        await expect(first_line).to_have_text(line)
    await page.get_by_role("button", name="Previous").click()
    await expect(first_line).to_have_text("26")
    await page.get_by_label("What became of it").select_option(label="duplicate")
    await expect(page.get_by_text("There are no such entries.")).to_be_visible()
    await page.get_by_role("button", name="Show labels and scores").click()
    await expect(table(page, "Labels, most frequent first")).to_have_count(200)
    await visited.screenshot("batch-100000")
    write_figures("batch of 100000 entries", {"first_view_ms": round(first_view_ms)})
