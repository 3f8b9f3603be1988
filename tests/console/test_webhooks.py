"""Webhooks of the user: from the address to the deliveries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from playwright.async_api import Locator, Page, Route, expect

from exchange.contract.webhooks import TEST_EVENT
from tests.console.conftest import Visitor
from tests.console.material import enhancement, label, run_batch
from tests.console.screens import VIEWS, fact, find_in_storage, inspect, open_screen, rows
from tests.e2e.exchange import Exchange
from tests.e2e.receiver import Event, Receiver, accept_event, running_receiver

DELIVERIES = "Deliveries"


def secret(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title).locator(".copyable code")


async def add(page: Page, address: str, description: str = "") -> Locator:
    """Fill the form and confirm it. Return the dialog."""
    await page.get_by_role("button", name="Add a webhook").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Address").fill(address)
    await dialog.get_by_label("Description (optional)").fill(description)
    await dialog.get_by_role("button", name="Add", exact=True).click()
    return dialog


async def refuse_tests(_delivery_id: str, event: Event, _number: int) -> web.Response:
    """Answer that the address is gone. Batches of other tests may have ended, too."""
    return web.Response(status=410 if event["type"] == TEST_EVENT else 204)


@asynccontextmanager
async def open_address() -> AsyncIterator[str]:
    """Run a receiver that answers 204, at the address that is returned. It knows no secret."""

    async def accept(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", accept)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def open_webhook(visit: Visitor, receiver: Receiver) -> Page:
    visited = await open_screen(visit, "requestor", f"webhooks/{receiver.webhook_id}")
    await expect(fact(visited.page, "Address")).to_have_text(receiver.url)
    return visited.page


async def test_a_webhook_is_added_tested_and_removed(visit: Visitor) -> None:
    async with open_address() as address:
        visited = await open_screen(visit, "requestor", "webhooks")
        page = visited.page
        await add(page, address, "nightly import")
        value = await secret(page, "The webhook is added").text_content()
        assert value is not None
        assert value.startswith("whsec_")
        assert await find_in_storage(page, value) == []
        row = rows(page, "Your webhooks").filter(has_text=address)
        await expect(row).to_contain_text("nightly import")
        await page.get_by_role("button", name="I have copied it").click()
        await row.get_by_role("link", name=address).click()
        await expect(page.get_by_text("There are none yet. Send a test.")).to_be_visible()
        await expect(page.get_by_text(value)).to_have_count(0)
        await page.get_by_role("button", name="Send a test").click()
        delivery = rows(page, DELIVERIES).filter(has_text=TEST_EVENT)
        await expect(delivery).to_have_count(1)
        await expect(delivery).to_contain_text(TEST_EVENT)
        await expect(delivery).to_contain_text("delivered", timeout=30_000)
        await expect(delivery).to_contain_text("204")
        await page.get_by_role("button", name="Remove ...").click()
        await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
        await expect(page.get_by_role("heading", name="Webhooks", level=1)).to_be_visible()
        await expect(page.get_by_role("link", name=address)).to_have_count(0)


@pytest.mark.exhaustive
async def test_deliveries_of_batches_are_listed_and_delivered_again(exchange: Exchange, visit: Visitor) -> None:
    async with running_receiver(exchange, accept_event) as receiver:
        ids = await exchange.load_references(1)
        batch = await run_batch(exchange, ids, lambda item: enhancement(item, label("cohort")))
        page = await open_webhook(visit, receiver)
        delivery = rows(page, DELIVERIES).filter(has_text=batch["id"][:8])
        await expect(delivery).to_contain_text("batch.ended", timeout=30_000)
        await expect(delivery).to_contain_text("delivered", timeout=30_000)
        before = len(receiver.list_calls(batch["id"]))
        await delivery.get_by_role("button", name="Redeliver").click()
        await expect(delivery.locator(".number")).to_have_text("2")
        await expect(delivery).to_contain_text("delivered", timeout=30_000)
        assert len(receiver.list_calls(batch["id"])) == before + 1
        await delivery.get_by_role("link", name=batch["id"][:8]).click()
        await expect(page.get_by_role("heading", name="Batch", level=1)).to_be_visible()


@pytest.mark.exhaustive
async def test_a_webhook_is_disabled_and_enabled(exchange: Exchange, visit: Visitor) -> None:
    async with running_receiver(exchange, accept_event) as receiver:
        page = await open_webhook(visit, receiver)
        await page.get_by_role("button", name="Disable").click()
        await expect(fact(page, "State")).to_have_text("disabled")
        await expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
        await page.get_by_role("button", name="Enable").click()
        await expect(fact(page, "State")).to_have_text("enabled")
        await expect(page.get_by_role("button", name="Send a test")).to_be_enabled()


@pytest.mark.exhaustive
async def test_the_secret_is_replaced_and_shown_once(exchange: Exchange, visit: Visitor) -> None:
    async with running_receiver(exchange, accept_event) as receiver:
        page = await open_webhook(visit, receiver)
        await page.get_by_role("button", name="Replace the secret ...").click()
        await page.get_by_role("dialog").get_by_role("button", name="Replace the secret").click()
        value = await secret(page, "The new secret").text_content()
        assert value is not None
        assert (value.startswith("whsec_"), value != receiver.secret) == (True, True)
        assert await find_in_storage(page, value) == []
        # Tests are signed with both secrets, so the receiver still verifies them with the old one.
        await page.get_by_role("button", name="Send a test").click()
        await expect(rows(page, DELIVERIES).filter(has_text=TEST_EVENT)).to_contain_text("delivered", timeout=30_000)
        await page.reload()
        await expect(fact(page, "Address")).to_have_text(receiver.url)
        await expect(page.get_by_text(value)).to_have_count(0)


@pytest.mark.exhaustive
async def test_a_webhook_that_is_gone_says_why_it_is_disabled(exchange: Exchange, visit: Visitor) -> None:
    async with running_receiver(exchange, refuse_tests) as receiver:
        page = await open_webhook(visit, receiver)
        await page.get_by_role("button", name="Send a test").click()
        await expect(rows(page, DELIVERIES).filter(has_text=TEST_EVENT)).to_contain_text("failed", timeout=30_000)
        await expect(rows(page, DELIVERIES).filter(has_text=TEST_EVENT)).to_contain_text("410")
        # The state on the same page follows, without loading it again.
        await expect(fact(page, "State")).to_contain_text("disabled: ")
        await page.get_by_role("link", name="Webhooks").click()
        await expect(rows(page, "Your webhooks").filter(has_text=receiver.url)).to_contain_text("disabled")


@pytest.mark.exhaustive
async def test_a_refused_address_gets_the_sentence_of_the_api(visit: Visitor) -> None:
    visited = await open_screen(visit, "requestor", "webhooks")
    dialog = await add(visited.page, "ftp://127.0.0.1/hook")
    await expect(dialog.get_by_role("alert")).to_contain_text("http:// or https://")
    await expect(dialog.get_by_label("Address")).to_have_value("ftp://127.0.0.1/hook")
    await dialog.get_by_role("button", name="Close").click()
    await expect(visited.page.get_by_role("dialog")).to_have_count(0)
    visited.watch.allow("answer 422")


@pytest.mark.exhaustive
async def test_an_empty_list_says_what_webhooks_are_for(visit: Visitor) -> None:
    visited = await visit()

    async def answer(route: Route) -> None:
        await route.fulfill(json={"webhooks": []})

    await visited.page.route("**/webhooks/", answer)
    await visited.sign_in("requestor", "/console/webhooks")
    await expect(visited.page.get_by_role("heading", name="You have no webhooks")).to_be_visible()
    await inspect(visited, "webhooks-empty")


@pytest.mark.exhaustive
async def test_a_webhook_of_another_user_gets_the_sentence_of_the_api(exchange: Exchange, visit: Visitor) -> None:
    status, webhook = await exchange.post("/webhooks/", {"url": "http://127.0.0.1:9/"}, role="operator")
    assert status == 201
    visited = await open_screen(visit, "requestor", f"webhooks/{webhook['id']}")
    await expect(visited.page.get_by_role("alert").first).to_be_visible()
    await expect(visited.page.get_by_role("button", name="Remove")).to_have_count(0)
    visited.watch.allow("answer 403")


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screens_are_accessible(exchange: Exchange, visit: Visitor, view: str) -> None:
    async def answer(_delivery_id: str, _event: Event, _number: int) -> web.Response:
        return web.Response(status=503)

    async with running_receiver(exchange, answer) as receiver:
        ids = await exchange.load_references(1)
        await run_batch(exchange, ids, lambda item: enhancement(item, label("cohort")))
        status, _ = await exchange.post(f"/webhooks/{receiver.webhook_id}/test", None, role="requestor")
        assert status in {200, 201, 202}
        visited = await open_screen(visit, "requestor", "webhooks", view)
        await expect(visited.page.get_by_role("link", name=receiver.url)).to_be_visible()
        await inspect(visited, f"webhooks-{view}")
        await visited.page.get_by_role("button", name="Add a webhook").click()
        await inspect(visited, f"webhook-form-{view}")
        await visited.page.keyboard.press("Escape")
        await visited.page.get_by_role("link", name=receiver.url).click()
        await expect(rows(visited.page, DELIVERIES).filter(has_text=TEST_EVENT)).to_contain_text("503")
        await inspect(visited, f"webhook-{view}")
