"""Webhooks over HTTP: their endpoints, and what their receivers get."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from tests.e2e.exchange import BATCHES, ENDED, Exchange, wait_for
from tests.e2e.receiver import Event, accept_event, running_receiver
from tests.e2e.robot import Job, Robot, running_robot
from tests.e2e.test_endpoints import call
from tests.tiers import fast_or_exhaustive

BATCH_COUNT = fast_or_exhaustive(25, 300)
# As many requests as a program would send at the same time.
MAX_CONCURRENT = 8
BUSY_CALLS = 3


async def reject_job(_robot: Robot, _job: Job) -> web.Response:
    return web.json_response({"message": "not today"}, status=422)


async def request_rejected_batch(exchange: Exchange) -> dict[str, Any]:
    (reference_id,) = await exchange.load_references(1)
    async with running_robot(exchange, reject_job) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), [reference_id])
        return await exchange.wait_until_ended(batch)


async def list_deliveries(exchange: Exchange, webhook_id: str) -> list[dict[str, Any]]:
    status, answer = await call(exchange, "GET", f"/webhooks/{webhook_id}/deliveries", role="requestor")
    assert status == 200
    deliveries: list[dict[str, Any]] = answer["deliveries"]
    return deliveries


async def wait_for_delivery(exchange: Exchange, webhook_id: str, state: str, **fields: Any) -> dict[str, Any]:
    """Wait until a delivery with these fields is in this state, and return it."""

    async def find() -> dict[str, Any] | None:
        wanted = {"state": state, **fields}
        found = await list_deliveries(exchange, webhook_id)
        return next((delivery for delivery in found if wanted.items() <= delivery.items()), None)

    found: dict[str, Any] = await wait_for(find, f"a delivery that is {state}")
    return found


async def test_a_webhook_is_created_read_changed_and_deleted(exchange: Exchange) -> None:
    new = {"url": "http://127.0.0.1:9/hook?key=1", "description": "mine", "unknown": 1}
    status, created = await call(exchange, "POST", "/webhooks/", new, role="requestor")
    secret = created.pop("secret")
    assert (status, created["url"], created["events"], created["enabled"]) == (201, new["url"], ["batch.ended"], True)
    path = f"/webhooks/{created['id']}"
    for role in ("requestor", "operator"):
        assert await call(exchange, "GET", path, role=role) == (200, created)
    assert created in (await call(exchange, "GET", "/webhooks", role="requestor"))[1]["webhooks"]
    assert created not in (await call(exchange, "GET", "/webhooks", role="operator"))[1]["webhooks"]
    changed = {**created, "enabled": False, "description": ""}
    patch = {"enabled": False, "description": ""}
    assert await call(exchange, "PATCH", path, patch, role="requestor") == (200, changed)
    status, replaced = await call(exchange, "POST", f"{path}/secret", role="requestor")
    assert (status, replaced["secret"] != secret) == (201, True)
    assert await call(exchange, "DELETE", path, role="requestor") == (204, None)
    assert (await call(exchange, "GET", path, role="requestor"))[0] == 404


async def test_a_webhook_of_another_user_gets_403_and_an_unknown_one_404(exchange: Exchange) -> None:
    _, created = await call(exchange, "POST", "/webhooks/", {"url": "http://127.0.0.1:9/"}, role="operator")
    for webhook_id, expected in ((created["id"], 403), (str(uuid4()), 404)):
        path = f"/webhooks/{webhook_id}"
        for method, end in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/secret"),
            ("POST", "/test"),
            ("GET", "/deliveries"),
        ):
            assert (await call(exchange, method, path + end, role="requestor"))[0] == expected
        assert (await call(exchange, "PATCH", path, {}, role="requestor"))[0] == expected
        redeliver = f"{path}/deliveries/{uuid4()}/redeliver"
        assert (await call(exchange, "POST", redeliver, role="requestor"))[0] == expected
    assert (await call(exchange, "POST", "/webhooks/", {"url": "http://127.0.0.1:9/"}, role="contributor"))[0] == 403
    assert (await call(exchange, "DELETE", f"/webhooks/{created['id']}"))[0] == 204


@pytest.mark.parametrize(
    "body", [{}, {"url": "ftp://h.test"}, {"url": "/hook"}, {"url": "http://h.test", "events": []}, {"url": 1}], ids=str
)
async def test_an_invalid_webhook_is_refused(exchange: Exchange, body: dict[str, Any]) -> None:
    status, problem = await call(exchange, "POST", "/webhooks", body, role="requestor")
    assert (status, len(problem["errors"])) == (422, 1)


async def test_a_user_has_at_most_ten_webhooks(exchange: Exchange) -> None:
    creations = (call(exchange, "POST", "/webhooks", {"url": "http://127.0.0.1:9/"}) for _ in range(14))
    answers = await asyncio.gather(*creations)
    created = [answer["id"] for status, answer in answers if status == 201]
    assert len(created) == 10
    assert {status for status, _ in answers} == {201, 409}
    for webhook_id in created:
        assert (await call(exchange, "DELETE", f"/webhooks/{webhook_id}"))[0] == 204


async def test_the_end_of_a_batch_reaches_a_receiver_that_is_busy_slow_and_then_ready(exchange: Exchange) -> None:
    stored: list[str] = []

    async def be_busy_then_slow(_delivery_id: str, event: Event, number: int) -> web.Response:
        stored.append((await exchange.read(event["data"]))["request_status"])
        if number == 1:
            return web.Response(status=503, headers={"Retry-After": "1"}, text="a secret of the receiver")
        # Longer than WEBHOOK_CALL_TIMEOUT_S.
        await asyncio.sleep(2 if number == 2 else 0)
        return web.Response(status=200)

    async with running_receiver(exchange, be_busy_then_slow) as receiver:
        batch = await request_rejected_batch(exchange)
        delivery = await wait_for_delivery(
            exchange, receiver.webhook_id, "delivered", batch_request_id=batch["id"], attempt=3
        )
    ((delivery_id, event), *_) = [item for item in receiver.calls if item[1]["data"]["id"] == batch["id"]]
    assert event["data"] == {
        "id": batch["id"],
        "request_status": "rejected",
        "error": batch["error"],
        "error_code": "robot_rejected",
        "counts": batch["counts"],
        "metadata": None,
        "source": "test",
        "robot_id": batch["robot_id"],
    }
    assert receiver.list_calls(batch["id"]) == [delivery_id] * 3
    assert (delivery["id"], delivery["http_status"], delivery["next_attempt_at"]) == (delivery_id, 200, None)
    assert set(stored) <= ENDED
    log = exchange.stack.log("host")
    assert not [text for text in ("a secret of the receiver", receiver.secret, receiver.url) if text in log]


async def test_a_replaced_secret_signs_beside_the_new_one(exchange: Exchange) -> None:
    async with running_receiver(exchange, accept_event) as receiver:
        path = f"/webhooks/{receiver.webhook_id}"
        assert (await call(exchange, "POST", f"{path}/secret", role="requestor"))[0] == 201
        status, delivery = await call(exchange, "POST", f"{path}/test", role="requestor")
        assert (status, delivery["event"], delivery["state"]) == (202, "webhook.test", "pending")
        await wait_for_delivery(exchange, receiver.webhook_id, "delivered", id=delivery["id"])
        # The receiver still verifies with the first secret.
        assert len(receiver.signatures[-1].split(" ")) == 2
        again = f"{path}/deliveries/{delivery['id']}/redeliver"
        assert (await call(exchange, "POST", again, role="requestor"))[0] == 202
        await wait_for_delivery(exchange, receiver.webhook_id, "delivered", id=delivery["id"], attempt=2)
    assert [known for known, _ in receiver.calls].count(delivery["id"]) == 2


async def test_a_redirect_fails_and_a_410_disables_the_webhook(exchange: Exchange) -> None:
    async def redirect_then_be_gone(_delivery_id: str, _event: Event, number: int) -> web.Response:
        return web.Response(status=307, headers={"Location": "/hook"}) if number == 1 else web.Response(status=410)

    async with running_receiver(exchange, redirect_then_be_gone) as receiver:
        batch = await request_rejected_batch(exchange)
        failed = await wait_for_delivery(exchange, receiver.webhook_id, "failed", batch_request_id=batch["id"])
        assert (failed["attempt"], failed["reason"]) == (2, "HTTP 410")
        path = f"/webhooks/{receiver.webhook_id}"
        _, webhook = await call(exchange, "GET", path, role="requestor")
        assert (webhook["enabled"], "410" in webhook["disabled_reason"]) == (False, True)
        assert (await call(exchange, "POST", f"{path}/test", role="requestor"))[0] == 409


async def test_each_event_arrives_under_one_id_if_every_message_is_delivered_twice(twice: Exchange) -> None:
    async with running_receiver(twice, accept_event) as receiver:
        batch = await request_rejected_batch(twice)
        await wait_for_delivery(twice, receiver.webhook_id, "delivered", batch_request_id=batch["id"])
        # A second call would follow at once.
        await asyncio.sleep(0.5)
    assert len(receiver.list_calls(batch["id"])) == 1


@pytest.mark.timeout(900)
async def test_many_batches_that_end_at_once_are_all_delivered(exchange: Exchange) -> None:
    """The receiver is busy for the first attempts of each event."""

    async def be_busy_at_first(_delivery_id: str, _event: Event, number: int) -> web.Response:
        return web.Response(status=503 if number <= BUSY_CALLS else 204)

    (reference_id,) = await exchange.load_references(1)
    async with running_receiver(exchange, be_busy_at_first) as receiver, running_robot(exchange, reject_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        at_once = asyncio.Semaphore(MAX_CONCURRENT)

        async def request() -> str:
            body = {"robot_id": robot_id, "reference_ids": [reference_id]}
            while True:
                async with at_once:
                    status, answer = await exchange.post(BATCHES, body, role="requestor")
                if status == 202:
                    return str(answer["id"])
                # A requestor may have 100 open batch requests.
                assert status == 429, answer
                await asyncio.sleep(0.2)

        batch_ids = await asyncio.gather(*(request() for _ in range(BATCH_COUNT)))

        async def find_all() -> bool | None:
            return len(receiver.list_calls(*batch_ids)) >= (BUSY_CALLS + 1) * BATCH_COUNT or None

        await wait_for(find_all, "the last event", 600)
        deliveries = await list_deliveries(exchange, receiver.webhook_id)
    assert len(deliveries) == min(BATCH_COUNT, 100)
    calls = receiver.list_calls(*batch_ids)
    assert len(set(calls)) == BATCH_COUNT
    assert set(Counter(calls).values()) == {BUSY_CALLS + 1}
