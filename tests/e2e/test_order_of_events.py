"""Uploads, callbacks and answers in every order, twice or never."""

import asyncio
from typing import Any

from aiohttp import web

from tests.e2e.exchange import Batch, Exchange, eventually
from tests.e2e.robot import Order, Robot, running_robot, takes_it
from tests.e2e.test_flows import deliver, entries_for
from tests.results import annotation


async def labels(exchange: Exchange, reference_id: str) -> list[str]:
    stored = await exchange.stored(reference_id)
    return sorted(item["content"]["annotations"][0]["label"] for item in stored)


async def taken(exchange: Exchange, robot: Robot, references: list[str]) -> tuple[Batch, Order]:
    """Request a batch and wait until the robot has it."""
    batch = await exchange.request(await exchange.register_robot(robot.url), references)
    batch = await exchange.until(batch, {"accepted"})
    return batch, robot.orders[-1]


async def test_a_callback_before_the_upload_is_409_and_fine_afterwards(exchange: Exchange) -> None:
    references = await exchange.load(2, start=100)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, references)
        status, problem = await robot.call_back(order)
        assert status == 409
        assert "no result file" in problem["detail"]
        assert (await exchange.read(batch))["request_status"] == "accepted"
        await robot.upload(order, *entries_for(references))
        status, body = await robot.call_back(order)
        assert (status, body["id"]) == (200, batch["id"])
        assert (await exchange.ended(batch))["request_status"] == "completed"


async def test_the_last_upload_before_the_callback_counts(exchange: Exchange) -> None:
    (reference,) = await exchange.load(1, start=104)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, [reference])
        for label in ("first", "second", "third"):
            await robot.upload(order, annotation(reference, label))
        await robot.call_back(order)
        assert (await exchange.ended(batch))["request_status"] == "completed"
    assert await labels(exchange, reference) == ["third"]


async def test_callbacks_twice_and_uploads_after_the_end_change_nothing(exchange: Exchange) -> None:
    (reference,) = await exchange.load(1, start=106)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, [reference])
        await robot.upload(order, annotation(reference, "in time"))
        assert (await robot.call_back(order))[0] == 200
        assert (await robot.call_back(order))[0] == 200
        ended = await exchange.ended(batch)
        report = await exchange.report(ended)
        await robot.upload(order, annotation(reference, "too late"))
        assert (await robot.call_back(order))[0] == 200
        assert (await robot.call_back(order, error="changed my mind"))[0] == 409
        log = "nothing to validate"
        await eventually(lambda: found_in_log(exchange, f"batch {batch['id']}: {log}"), log)
        after = await exchange.read(batch)
        assert (after["request_status"], await exchange.report(after)) == ("completed", report)
    assert await labels(exchange, reference) == ["in time"]


async def found_in_log(exchange: Exchange, words: str) -> bool | None:
    return True if words in exchange.stack.log("host") else None


async def test_a_robot_that_delivers_all_before_it_answers_the_call(exchange: Exchange) -> None:
    references = await exchange.load(2, start=108)
    answered = asyncio.Event()

    async def eager(robot: Robot, order: Order) -> web.Response:
        await deliver(robot, order, *entries_for(references))
        await exchange.ended({"id": order["id"]})
        answered.set()
        return web.Response(status=500)

    async with running_robot(exchange, eager) as robot:
        batch = await exchange.request(await exchange.register_robot(robot.url), references)
        assert (await exchange.ended(batch))["request_status"] == "completed"
        await answered.wait()
        assert (await exchange.read(batch))["request_status"] == "completed"
        assert len(robot.orders) == 1


async def test_a_robot_that_lets_the_call_time_out_and_then_answers_409(exchange: Exchange) -> None:
    references = await exchange.load(2, start=110)

    async def slow(robot: Robot, _order: Order) -> web.Response:
        if len(robot.orders) == 1:
            await asyncio.Event().wait()
        return web.json_response({"detail": "I have it."}, status=409)

    async with running_robot(exchange, slow) as robot:
        batch, order = await taken(exchange, robot, references)
        assert len(robot.orders) == 2
        assert order["id"] == robot.orders[0]["id"]
        await robot.upload(order, *entries_for(references))
        await robot.call_back(order)
        assert (await exchange.ended(batch))["request_status"] == "completed"


async def test_an_upload_replaced_right_before_and_right_after_the_callback(exchange: Exchange) -> None:
    reference, other = await exchange.load(2, start=112)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, [reference])
        await robot.upload(order, annotation(reference, "old"))
        await robot.upload(order, annotation(reference, "replaced before"))
        await robot.call_back(order)
        assert (await exchange.ended(batch))["request_status"] == "completed"
        assert await labels(exchange, reference) == ["replaced before"]

        batch, order = await taken(exchange, robot, [other])
        await robot.upload(order, annotation(other, "before"))
        await robot.call_back(order)
        await robot.upload(order, annotation(other, "after"))
        assert (await exchange.ended(batch))["request_status"] == "completed"
    # Whichever stood when the import began: it alone.
    assert await labels(exchange, other) in (["before"], ["after"])


async def test_a_blob_event_that_never_comes(eventless: Exchange) -> None:
    references = await eventless.load(3, start=120)
    async with running_robot(eventless, takes_it) as robot:
        batch, order = await taken(eventless, robot, references)
        await robot.upload(order, *entries_for(references))
        assert (await robot.call_back(order))[1]["request_status"] == "importing"
        ended = await eventless.ended(batch)
        assert ended["request_status"] == "completed"
        assert len(await eventless.report(ended)) == 3


async def test_neither_a_blob_event_nor_a_callback(eventless: Exchange) -> None:
    references = await eventless.load(1, start=124)
    async with running_robot(eventless, takes_it) as robot:
        batch, order = await taken(eventless, robot, references)
        await robot.upload(order, *entries_for(references))
        assert (await eventless.ended(batch))["request_status"] == "completed"


async def test_an_upload_without_a_callback_is_taken_as_reported(exchange: Exchange) -> None:
    references = await exchange.load(1, start=126)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, references)
        await robot.upload(order, *entries_for(references))
        assert (await exchange.ended(batch))["request_status"] == "completed"
        assert (await robot.call_back(order))[0] == 200, "the robot was only slow"


async def test_everything_twice_adds_nothing(twice: Exchange) -> None:
    (reference,) = await twice.load(1, start=130)

    async def doubly(robot: Robot, order: Order) -> web.Response:
        entries: list[Any] = [annotation(reference, "a"), annotation(reference, "b")]
        for _ in range(2):
            await robot.upload(order, *entries)
        for _ in range(2):
            assert (await robot.call_back(order))[0] == 200
        return web.Response(status=202)

    async with running_robot(twice, doubly) as robot:
        batch = await twice.request(await twice.register_robot(robot.url), [reference])
        assert (await twice.ended(batch))["request_status"] == "completed"
        assert len(robot.orders) == 1, "the robot is called once though the message came twice"
    assert await labels(twice, reference) == ["a", "b"]
