"""The list of batches in a browser."""

import asyncio
import json
import os
import re
from dataclasses import replace
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, Route, expect

from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.domain.ids import new_id
from tests.console.batches import enhance_all, enhance_some, fail, new_source, request, run
from tests.console.conftest import Visitor
from tests.console.figures import write_figures
from tests.e2e.exchange import BATCHES, Exchange
from tests.e2e.robot import accept_job, running_robot

LIST = "/console/batches"
PAGE_SIZE = 50


def rows(page: Page) -> Locator:
    return page.get_by_role("region", name="Batch requests, newest first").locator("tbody tr")


def row(page: Page, batch_id: str) -> Locator:
    return rows(page).filter(has=page.get_by_role("link", name=f"Batch {batch_id[:8]}"))


def address(source: str, **parameters: str) -> str:
    return LIST + "?" + "&".join(f"{name}={value}" for name, value in {"source": source, **parameters}.items())


async def insert_copies(exchange: Exchange, batch_id: str, source: str, count: int) -> None:
    """Insert older copies of a batch, each one a second older than the one before, as the exchange stores them."""
    store = CosmosBatchStore(exchange.database)
    original = (await store.load(UUID(batch_id))).batch
    copies = (
        replace(original, id=new_id(), source=source, created_at=original.created_at - number)
        for number in range(count)
    )

    async def insert() -> None:
        for copy in copies:
            await store.create(copy)

    await asyncio.gather(*(insert() for _ in range(16)))


async def test_the_list_follows_batches_and_filters_them_in_the_address(exchange: Exchange, visit: Visitor) -> None:
    source, references = new_source("list"), await exchange.load_references(4)
    failed = await run(exchange, enhance_some(references), references, source=source)
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        opened = await request(exchange, robot_id, references[:2], source=source, metadata={"review": "nudging"})
        await exchange.wait_until(opened, {"accepted"})
        visited = await visit("requestor")
        page = visited.page
        await page.get_by_text("More filters").click()
        await page.get_by_label("Source").fill(source)
        await page.get_by_label("Source").press("Enter")
        await expect(rows(page)).to_have_count(2)
        await expect(rows(page).first).to_contain_text("review nudging")
        await expect(row(page, failed["id"])).to_contain_text("partly failed")
        bar = row(page, failed["id"]).get_by_role("img")
        await expect(bar).to_have_accessible_name("1 enhanced, 2 failed, 1 missing from the result")

        # A row is updated in its place, and a newer batch waits until the user asks for it.
        await expect(row(page, opened["id"])).to_contain_text("accepted")
        await enhance_all(robot, robot.jobs[0])
        await expect(row(page, opened["id"])).to_contain_text("completed")
        newer = await request(exchange, robot_id, references[:1], source=source)
        announcement = page.get_by_role("button", name="Show 1 newer batch")
        await expect(announcement).to_be_visible()
        await expect(rows(page)).to_have_count(2)
        await announcement.click()
        await expect(rows(page)).to_have_count(3)
        await expect(rows(page).first.get_by_role("link", name=f"Batch {newer['id'][:8]}")).to_be_visible()

        await page.get_by_label("partly failed").check()
        await expect(rows(page)).to_have_count(1)
        assert "status=partial_failed" in page.url
        await page.reload()
        await expect(rows(page)).to_have_count(1)
        await expect(page.get_by_label("partly failed")).to_be_checked()
        await page.go_back()
        await expect(rows(page)).to_have_count(3)
        await expect(page.get_by_label("partly failed")).not_to_be_checked()
        await page.go_forward()
        await expect(rows(page)).to_have_count(1)


@pytest.mark.exhaustive
async def test_filters_that_are_typed_follow_the_address(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("typed")
    await run(exchange, enhance_all, await exchange.load_references(1), source=source, metadata={"review": source})
    visited = await visit("requestor")
    page = visited.page
    await page.get_by_text("More filters").click()
    await page.get_by_label("Metadata").fill(f"review={source}")
    await page.get_by_label("Metadata").press("Enter")
    await expect(rows(page)).to_have_count(1)
    await page.get_by_label("Source").fill("another source")
    await page.get_by_label("Source").press("Enter")
    await expect(page.get_by_role("heading", name="No batch matches the filters")).to_be_visible()
    await page.go_back()
    await expect(rows(page)).to_have_count(1)
    await expect(page.get_by_label("Source")).to_have_value("")
    # Leaving the field changes nothing.
    await page.get_by_label("Source").focus()
    await page.get_by_label("From").focus()
    await expect(rows(page)).to_have_count(1)
    await page.get_by_label("From").fill("2020-01-01")
    await page.get_by_label("From").press("Enter")
    await expect(page).to_have_url(re.compile("created_after=2020-01-01"))
    await expect(rows(page)).to_have_count(1)
    await page.get_by_label("To").fill("2020-01-02")
    await page.get_by_label("To").press("Enter")
    await expect(page.get_by_role("heading", name="No batch matches the filters")).to_be_visible()
    await page.get_by_role("button", name="Remove the filters").click()
    await expect(rows(page).first).to_be_visible()
    assert page.url == visited.stack.api + LIST
    await expect(page.get_by_label("To")).to_have_value("")


@pytest.mark.exhaustive
async def test_a_shared_address_opens_filtered(exchange: Exchange, visit: Visitor) -> None:
    source, references = new_source("shared"), await exchange.load_references(4)
    batches = [await run(exchange, behaviour, references, source=source) for behaviour in (enhance_all, fail)]
    visited = await visit()
    await visited.sign_in("requestor", address(source, status="failed", robot_id=batches[1]["robot_id"]))
    await expect(rows(visited.page)).to_have_count(1)
    await expect(row(visited.page, batches[1]["id"])).to_contain_text("failed")
    await expect(visited.page.get_by_label("Source")).to_have_value(source)
    await expect(visited.page.get_by_label("Robot")).to_have_value(batches[1]["robot_id"])


@pytest.mark.exhaustive
async def test_the_curl_command_lists_what_is_shown(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("curl")
    batch = await run(exchange, enhance_all, await exchange.load_references(1), source=source)
    visited = await visit()
    await visited.sign_in("requestor", address(source, created_after="2020-01-01"))
    await expect(rows(visited.page)).to_have_count(1)
    await visited.page.get_by_text("The same on the command line").click()
    command = await visited.page.locator("code", has_text=" curl ").inner_text()
    # The token is not an argument of curl, which other users of the machine could see.
    assert "TOKEN" not in command.partition(" curl ")[2]
    token = exchange.as_role("requestor")["Authorization"].removeprefix("Bearer ")
    shell = await asyncio.create_subprocess_exec(
        "sh", "-c", command, env={**os.environ, "TOKEN": token}, stdout=asyncio.subprocess.PIPE
    )
    answer = json.loads((await shell.communicate())[0])
    assert [found["id"] for found in answer["batch_requests"]] == [batch["id"]]


@pytest.mark.exhaustive
async def test_a_list_that_loads_slowly_is_shown(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("slow")
    await run(exchange, enhance_all, await exchange.load_references(1), source=source)
    visited = await visit("requestor")

    async def delay(route: Route) -> None:
        await asyncio.sleep(5)
        await route.continue_()

    await visited.page.route(re.compile(BATCHES), delay)
    await visited.open(address(source))
    await expect(rows(visited.page)).to_have_count(1)
    await visited.page.unroute_all(behavior="ignoreErrors")


@pytest.mark.exhaustive
async def test_pages(exchange: Exchange, visit: Visitor) -> None:
    source = new_source("pages")
    batch = await run(exchange, enhance_all, await exchange.load_references(1))
    await insert_copies(exchange, batch["id"], source, PAGE_SIZE + 3)
    visited = await visit()
    await visited.sign_in("requestor", address(source))
    page = visited.page
    await expect(rows(page)).to_have_count(PAGE_SIZE)
    first = await rows(page).first.inner_text()
    await expect(page.get_by_role("button", name="Newest")).to_be_disabled()
    await page.get_by_role("button", name="Older").click()
    await expect(rows(page)).to_have_count(3)
    assert "continuation=" in page.url
    await page.reload()
    await expect(rows(page)).to_have_count(3)
    await expect(page.get_by_role("button", name="Older")).to_be_disabled()
    await page.get_by_role("button", name="Newest").click()
    await expect(rows(page)).to_have_count(PAGE_SIZE)
    assert (await rows(page).first.inner_text()).split()[0] == first.split()[0]


@pytest.mark.exhaustive
async def test_selected_batches_are_cancelled_with_the_numbers_first(exchange: Exchange, visit: Visitor) -> None:
    source, references = new_source("cancel"), await exchange.load_references(4)
    ended = await run(exchange, enhance_all, references[:1], source=source)
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        opened = [await request(exchange, robot_id, references, source=source) for _ in range(2)]
        visited = await visit()
        await visited.sign_in("requestor", address(source))
        page = visited.page
        await expect(page.get_by_role("button", name="Cancel ...")).to_be_disabled()
        for batch in (ended, opened[0]):
            await page.get_by_role("checkbox", name=f"Select batch {batch['id'][:8]}").check()
        await expect(page.get_by_text("2 batches selected")).to_be_visible()
        await page.get_by_role("button", name="Cancel ...").click()
        dialog = page.get_by_role("dialog", name="Cancel batches")
        await expect(dialog).to_contain_text("1 batch with 4 pending references will be cancelled.")
        await expect(dialog).to_contain_text("1 selected batch has ended already and cannot be cancelled.")
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        assert (await exchange.read(opened[0]))["request_status"] in {"received", "accepted"}
        await page.get_by_role("button", name="Cancel ...").click()
        await dialog.get_by_label("Reason (optional)").fill("the wrong robot")
        await dialog.get_by_role("button", name="Cancel 1 batch").click()
        await expect(dialog).to_contain_text("1 of 1 done.")
        await dialog.get_by_role("button", name="Close").click()
        await expect(row(page, opened[0]["id"])).to_contain_text("cancelled")
        await expect(row(page, opened[1]["id"])).not_to_contain_text("cancelled")
        cancelled = await exchange.read(opened[0])
        assert "the wrong robot" in cancelled["error"]
        assert (await exchange.read(opened[1]))["request_status"] in {"received", "accepted"}


@pytest.mark.exhaustive
async def test_selected_batches_are_retried_once(exchange: Exchange, visit: Visitor) -> None:
    source, references = new_source("retry"), await exchange.load_references(4)
    batches = [
        await run(exchange, behaviour, references, source=source)
        for behaviour in (enhance_all, enhance_some(references), fail)
    ]
    visited = await visit()
    await visited.sign_in("requestor", address(source))
    page = visited.page
    await page.get_by_role("checkbox", name="Select all on this page").check()
    await page.get_by_role("button", name="Retry ...").click()
    dialog = page.get_by_role("dialog", name="Retry batches")
    await expect(dialog).to_contain_text(
        "7 references that were not enhanced will be requested again, in 2 new batches"
    )
    await expect(dialog).to_contain_text("1 selected batch cannot be retried")
    await dialog.get_by_role("button", name="Retry 2 batches").dblclick()
    await expect(dialog).to_contain_text("2 of 2 done.")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Close").click()
    assert [(await exchange.read(batch))["retried_as"] is not None for batch in batches] == [False, True, True]
    await expect(rows(page)).to_have_count(3)
    await expect(page.get_by_role("button", name="Show 2 newer batches")).to_be_visible()
    await page.get_by_role("button", name="Retry ...").click()
    await expect(dialog).to_contain_text("3 selected batches cannot be retried")


@pytest.mark.exhaustive
async def test_everything_that_matches_is_cancelled_and_nothing_else(exchange: Exchange, visit: Visitor) -> None:
    source, other, references = new_source("all"), new_source("other"), await exchange.load_references(1)
    count = PAGE_SIZE + 5
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        kept = await request(exchange, robot_id, references, source=other)
        batches = [await request(exchange, robot_id, references, source=source) for _ in range(count)]
        visited = await visit()
        await visited.sign_in("requestor", address(source))
        page = visited.page
        await page.get_by_role("checkbox", name="Select all on this page").check()
        await page.get_by_role("button", name="Select all that match the filters").click()
        await expect(page.get_by_text("All that match are selected")).to_be_visible()
        await page.get_by_role("button", name="Cancel ...").click()
        dialog = page.get_by_role("dialog", name="Cancel batches")
        await expect(dialog).to_contain_text(f"{count} batches with {count} pending references will be cancelled.")
        await dialog.get_by_role("button", name=f"Cancel {count} batches").click()
        await expect(dialog).to_contain_text(f"{count} of {count} done.")
        assert {(await exchange.read(batch))["error_code"] for batch in batches} == {"cancelled"}
        assert (await exchange.read(kept))["error_code"] is None


@pytest.mark.exhaustive
async def test_a_refusal_is_shown_with_its_batch(exchange: Exchange, visit: Visitor) -> None:
    source, references = new_source("refused"), await exchange.load_references(1)
    async with running_robot(exchange, accept_job) as robot:
        batch = await request(exchange, await exchange.register_robot(robot.url), references, source=source)
        await exchange.wait_until(batch, {"accepted"})
        visited = await visit()
        await visited.sign_in("requestor", address(source))
        page = visited.page
        await page.get_by_role("checkbox", name="Select all on this page").check()
        await page.get_by_role("button", name="Cancel ...").click()
        await enhance_all(robot, robot.jobs[0])
        await exchange.wait_until_ended(batch)
        visited.watch.allow("answer 409")
        await page.get_by_role("button", name="Cancel 1 batch").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("0 of 1 done, 1 refused.")
        await expect(dialog.get_by_role("listitem")).to_contain_text(batch["id"][:8])


@pytest.mark.exhaustive
async def test_the_first_batch_is_suggested(visit: Visitor) -> None:
    visited = await visit()
    empty: dict[str, object] = {"batch_requests": [], "continuation": None}
    await visited.page.route(re.compile(BATCHES), lambda route: route.fulfill(json=empty))
    await visited.sign_in("requestor")
    await expect(visited.page.get_by_role("heading", name="You have no batches yet")).to_be_visible()
    await visited.screenshot("batches-empty")
    await visited.page.get_by_role("link", name="Make the first one").click()
    await expect(visited.page.get_by_role("heading", name="New batch")).to_be_visible()


@pytest.mark.exhaustive
async def test_ten_thousand_batches_are_listed_with_as_many_requests_as_two(exchange: Exchange, visit: Visitor) -> None:
    batch = await run(exchange, enhance_all, await exchange.load_references(1))
    visited = await visit("requestor")
    sent: set[str] = set()
    visited.page.on("request", lambda request: sent.add(request.url))
    counts = []
    for number in (2, 10_000):
        source = new_source(f"{number} batches")
        await insert_copies(exchange, batch["id"], source, number)
        await visited.open("/docs")
        sent.clear()
        await visited.open(address(source))
        first_view_ms = await visited.time_to_first_view()
        await expect(rows(visited.page)).to_have_count(min(number, PAGE_SIZE))
        counts.append(len(sent))
        figures = {"first_view_ms": round(first_view_ms), "requests": len(sent)}
        write_figures(f"list of {number} batches", figures)
    assert counts[0] == counts[1]
