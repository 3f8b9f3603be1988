"""What operators see and repair. Most tests answer for the endpoints, because the states are hard to cause."""

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, Route, expect

from exchange.contract.webhooks import TEST_EVENT
from exchange.domain.ids import new_id
from tests.console.conftest import Visitor
from tests.console.material import Json
from tests.console.screens import VIEWS, View, inspect, open_screen, rows
from tests.console.visits import Visit
from tests.e2e.exchange import Exchange, wait_for
from tests.e2e.receiver import Event, Receiver, running_receiver
from tests.e2e.robot import accept_job, running_robot

NOW = datetime.now(UTC)
OPEN = "Open batches by phase"
OVERDUE = "Overdue batches, longest overdue first"
LETTERS = "Dead letters"
FAILED = "Failed deliveries, latest first"
ROBOT_REASON = "HTTP 503 from the robot"


def ago(**duration: float) -> str:
    return (NOW - timedelta(**duration)).isoformat()


def make_letter(queue: str, number: int, **fields: Any) -> Json:
    common = {"batch_request_ids": None, "since": ago(hours=5), "attempts": 10, "reason": "Cosmos DB did not answer."}
    return {"id": f"{queue}/{number}", "queue": queue, "batch_request_id": str(new_id()), **common, **fields}


def make_delivery(host: str | None = "hooks.example.org") -> Json:
    return {
        "id": str(new_id()),
        "webhook_id": str(new_id()),
        "url_host": host,
        "event": "batch.ended",
        "batch_request_id": str(new_id()),
        "created_at": ago(days=3),
        "attempts": 10,
        "attempted_at": ago(hours=2),
        "http_status": 503,
        "reason": "The receiver answered 503.",
    }


def fulfil_with(answer: Callable[[], Json]) -> Callable[[Route], Awaitable[None]]:
    async def fulfil(route: Route) -> None:
        await route.fulfill(json=answer())

    return fulfil


class Answers:
    """What the endpoints of operators answer, and what was posted to them."""

    def __init__(self) -> None:
        self.letters = [
            make_letter("dispatch", 1),
            make_letter("import", 2, reason=None, attempts=None),
            make_letter("events", 3, batch_request_id=None),
        ]
        self.deliveries = [make_delivery(), make_delivery(host=None)]
        self.unreachable: list[Json] = []
        self.errors: dict[str, str] = {}
        self.request_id = new_id()
        self.resent: list[Json] = []
        self.redelivered: list[str] = []

    def stats(self) -> Json:
        phases = (
            ("received", "received", 3, 12.0),
            ("accepted", "accepted", 1_204, 86_400.0),
            ("importing", "delivered", 0, None),
            ("importing", "importing", 2, 95.0),
        )
        return {
            "open_batch_requests": [
                {"request_status": status, "phase": phase, "count": count, "oldest_age_s": age}
                for status, phase, count, age in phases
            ],
            "overdue": 1,
            "dead_letters": [
                {"queue": queue, "count": sum(item["queue"] == queue for item in self.letters)}
                for queue in ("dispatch", "import", "notify", "blobs", "events")
            ],
            "failed_webhook_deliveries": len(self.deliveries),
            "unreachable": self.unreachable,
        }

    def overdue(self) -> Json:
        counts = {"requested": 10, "enhanced": 4, "pending": 6}
        batch = {
            "id": str(new_id()),
            "part_of": str(self.request_id),
            "robot_id": str(new_id()),
            "request_status": "accepted",
            "phase": "accepted",
            "created_at": ago(days=1),
            "due_at": ago(hours=2),
            "waiting_for": ROBOT_REASON,
            "counts": {"failed": 0, "missing": 0, "cancelled": 0, "skipped": 0, **counts},
        }
        return {"batch_requests": [batch], "truncated": False}

    def resend(self, body: Json) -> Json:
        self.resent.append(body)
        self.letters = [item for item in self.letters if item["id"] not in body["ids"] or item["id"] in self.errors]
        results = [{"id": item, "error": self.errors.get(item)} for item in body["ids"]]
        return {"results": results, "remaining": False, "unreachable": []}

    def redeliver(self, path: str) -> Json:
        self.redelivered.append(path)
        self.deliveries = [item for item in self.deliveries if item["id"] not in path]
        return {}

    async def start(self, page: Page) -> None:
        lists: dict[str, Callable[[], Json]] = {
            # On a busy machine the emulators answer too late for the real one.
            "**/health": lambda: {"status": "healthy"},
            "**/operations/stats": self.stats,
            "**/operations/overdue": self.overdue,
            "**/operations/dead-letters": lambda: {
                "dead_letters": self.letters,
                "truncated": False,
                "unreachable": [{"queue": "blobs", "reason": "no answer"}] if self.unreachable else [],
            },
            "**/operations/webhook-deliveries": lambda: {"deliveries": self.deliveries, "truncated": False},
        }
        for pattern, answer in lists.items():
            await page.route(pattern, fulfil_with(answer))

        async def resend(route: Route) -> None:
            await route.fulfill(json=self.resend(json.loads(route.request.post_data or "")))

        async def redeliver(route: Route) -> None:
            await route.fulfill(json=self.redeliver(route.request.url), status=202)

        await page.route("**/operations/dead-letters/resend", resend)
        await page.route("**/redeliver", redeliver)


async def open_operations(visit: Visitor, answers: Answers, view: View | None = None) -> Visit:
    visited = await visit(**(view or VIEWS["light"]))
    await answers.start(visited.page)
    await visited.sign_in("operator", "/console/operations")
    await expect(rows(visited.page, FAILED)).to_have_count(len(answers.deliveries))
    return visited


def ids_of(letters: Sequence[Json]) -> Iterator[str]:
    return (item["id"] for item in letters)


async def test_operators_see_the_state_and_resend_dead_letters(visit: Visitor) -> None:
    answers = Answers()
    page = (await open_operations(visit, answers)).page
    await expect(page.get_by_role("status").first).to_contain_text("Healthy")
    await expect(rows(page, OPEN)).to_have_count(4)
    await expect(rows(page, OPEN).nth(1)).to_contain_text("1,204")
    await expect(page.get_by_text("1 overdue, 3 dead letters, 2 failed deliveries to webhooks.")).to_be_visible()
    await expect(rows(page, OVERDUE)).to_contain_text(ROBOT_REASON)

    await page.get_by_label("Select dispatch/1").check()
    await page.get_by_label("Select events/3").check()
    await page.get_by_role("button", name="Resend the selected ones ...").click()
    dialog = page.get_by_role("dialog")
    answers.errors = {"events/3": "The blob is not there any more."}
    await dialog.get_by_role("button", name="Resend 2 dead letters").click()
    await expect(page.get_by_text("1 dead letter resent.")).to_be_visible()
    await expect(page.get_by_text("events/3: The blob is not there any more.")).to_be_visible()
    assert answers.resent == [{"ids": ["dispatch/1", "events/3"]}]
    await expect(rows(page, LETTERS)).to_have_count(2)
    # The selection is gone, so the next step is about all of them.
    await page.get_by_role("button", name="Resend all that are shown ...").click()
    answers.errors = {}
    await page.get_by_role("dialog").get_by_role("button", name="Resend 2 dead letters").click()
    await expect(page.get_by_text("2 dead letters resent.")).to_be_visible()
    await expect(rows(page, LETTERS)).to_have_count(0)


@pytest.mark.exhaustive
async def test_the_screen_shows_and_repairs_what_the_exchange_has(exchange: Exchange, visit: Visitor) -> None:
    async def answer(_delivery_id: str, event: Event, number: int) -> web.Response:
        return web.Response(status=503 if event["type"] == TEST_EVENT and number == 1 else 204)

    async with running_robot(exchange, accept_job) as robot, running_receiver(exchange, answer) as receiver:
        robot_id = await exchange.register_robot(robot.url)
        batch = await exchange.request_batch(robot_id, await exchange.load_references(1))
        await exchange.wait_until(batch, {"accepted"})
        status, _ = await exchange.post(f"/webhooks/{receiver.webhook_id}/test", None, role="requestor")
        assert status == 202
        await wait_for(lambda: _has_called(receiver), "the test to be delivered")
        visited = await open_screen(visit, "operator", "operations")
        page = visited.page
        accepted = rows(page, OPEN).filter(has_text="accepted")
        await expect(accepted.locator(".number")).to_have_text(re.compile("[1-9]"))
        await expect(page.get_by_role("alert")).to_have_count(0)
        letters = page.locator("section").filter(has=page.get_by_role("heading", name=LETTERS, exact=True))
        await expect(letters.get_by_role("button", name="Read again")).to_be_enabled()
        failed = rows(page, FAILED).filter(has_text=TEST_EVENT)
        await expect(failed.first).to_be_visible()
        before = await failed.count()
        await failed.first.get_by_role("button", name="Redeliver").click()
        await expect(failed).to_have_count(before - 1)
        await wait_for(lambda: _has_called(receiver, times=2), "the test to be delivered again")


async def _has_called(receiver: Receiver, times: int = 1) -> bool | None:
    tests = [event for _, event in receiver.calls if event["type"] == TEST_EVENT]
    return True if len(tests) >= times else None


@pytest.mark.exhaustive
async def test_a_failed_delivery_is_delivered_again_unless_its_webhook_is_deleted(visit: Visitor) -> None:
    answers = Answers()
    kept, deleted = answers.deliveries
    page = (await open_operations(visit, answers)).page
    await expect(rows(page, FAILED).nth(1)).to_contain_text("deleted webhook")
    await expect(rows(page, FAILED).nth(1).get_by_role("button")).to_be_disabled()
    await rows(page, FAILED).nth(0).get_by_role("button", name="Redeliver").click()
    await expect(rows(page, FAILED)).to_have_count(1)
    (path,) = answers.redelivered
    assert path.endswith(f"/webhooks/{kept['webhook_id']}/deliveries/{kept['id']}/redeliver")
    assert list(ids_of(answers.deliveries)) == [deleted["id"]]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("place", "link", "alert"),
    [
        (LETTERS, "What it means", "dead-letter-queue"),
        ("Overdue batches", "What to do", "batch-overdue"),
        ("Failed deliveries to webhooks", "What to do", "webhook-failing"),
    ],
)
async def test_the_runbook_opens_at_the_alert(visit: Visitor, place: str, link: str, alert: str) -> None:
    page = (await open_operations(visit, Answers())).page
    text = page.locator(f"#{alert}")
    await expect(text).to_be_hidden()
    section = page.locator("section").filter(has=page.get_by_role("heading", name=place, exact=True))
    for _ in range(2):
        await section.get_by_role("link", name=link).first.click()
        await expect(text).to_be_visible()
        await expect(text).to_be_in_viewport()
        await expect(text).to_contain_text("It means")
        # Also a second time, after the user closed it.
        await page.locator("summary").filter(has_text=alert).click()
        await expect(text).to_be_hidden()
    await expect(page.get_by_role("heading", name="Operations", level=1)).to_be_attached()


@pytest.mark.exhaustive
async def test_what_cannot_be_read_is_named(visit: Visitor) -> None:
    answers = Answers()
    answers.unreachable = [{"part": "dead_letters.blobs", "reason": "no answer"}]
    page = (await open_operations(visit, answers)).page
    await expect(page.get_by_text("dead_letters.blobs cannot be read now: no answer")).to_be_visible()
    await expect(page.get_by_text("blobs cannot be read now: no answer")).to_have_count(2)


@pytest.mark.exhaustive
async def test_an_exchange_without_work_says_so(visit: Visitor) -> None:
    answers = Answers()
    answers.letters, answers.deliveries = [], []
    visited = await visit()
    await answers.start(visited.page)

    async def none(route: Route) -> None:
        await route.fulfill(json={"batch_requests": [], "truncated": False})

    await visited.page.route("**/operations/overdue", none)
    await visited.sign_in("operator", "/console/operations")
    await expect(visited.page.get_by_text("No batch is overdue.")).to_be_visible()
    await expect(visited.page.get_by_text("There are none.")).to_have_count(2)
    await inspect(visited, "operations-empty")


@pytest.mark.exhaustive
async def test_an_exchange_that_is_not_healthy_is_announced(visit: Visitor) -> None:
    visited = await visit()
    await Answers().start(visited.page)
    detail = "The database does not answer."

    async def unhealthy(route: Route) -> None:
        await route.fulfill(json={"detail": detail, "errors": [detail]}, status=500)

    await visited.page.route("**/health", unhealthy)
    await visited.sign_in("operator", "/console/operations")
    await expect(visited.page.get_by_role("alert")).to_contain_text("The exchange is not healthy")
    await expect(visited.page.get_by_role("alert")).to_contain_text(detail)
    visited.watch.allow("answer 500")


@pytest.mark.exhaustive
async def test_requestors_are_not_offered_the_screen(visit: Visitor) -> None:
    visited = await visit("requestor")
    await expect(visited.page.get_by_role("link", name="Webhooks")).to_be_visible()
    await expect(visited.page.get_by_role("link", name="Operations")).to_have_count(0)


async def test_the_tables_fit_a_phone(visit: Visitor) -> None:
    answers = Answers()
    answers.deliveries = [make_delivery(f"{'hooks.' * 20}example.org"), make_delivery(host=None)]
    visited = await open_operations(visit, answers, VIEWS["phone"])
    await expect(rows(visited.page, OVERDUE)).to_be_visible()
    await visited.assert_tables_fit()
    for table, cell, label in ((OVERDUE, 5, "Waits for"), (FAILED, 1, "Host"), (LETTERS, 3, "Since")):
        read_label = "(cell) => getComputedStyle(cell, '::before').content"
        shown = await rows(visited.page, table).first.locator("td").nth(cell).evaluate(read_label)
        assert label in shown
    # It is still a table for screen readers.
    overdue = visited.page.get_by_role("table", name=OVERDUE)
    await expect(overdue.get_by_role("columnheader")).to_have_count(6)
    await expect(overdue.get_by_role("cell", name=ROBOT_REASON)).to_be_visible()
    await expect(overdue.get_by_role("link", name=str(answers.request_id)[:8])).to_be_visible()


@pytest.mark.exhaustive
@pytest.mark.parametrize("view", VIEWS)
async def test_the_screen_is_accessible(visit: Visitor, view: str) -> None:
    answers = Answers()
    visited = await open_operations(visit, answers, VIEWS[view])
    await inspect(visited, f"operations-{view}")
    await visited.page.get_by_role("link", name="What it means").first.click()
    await inspect(visited, f"operations-runbook-{view}")
    await visited.page.get_by_role("button", name="Resend all that are shown ...").click()
    await expect(visited.page.get_by_role("dialog")).to_be_visible()
    await inspect(visited, f"operations-resend-{view}")
