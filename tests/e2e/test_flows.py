"""How a batch ends, for robots that do what they should and for robots that don't."""

from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from tests.e2e.exchange import Exchange
from tests.e2e.robot import Behaviour, Order, Robot, running_robot, takes_it
from tests.results import annotation


def entries_for(reference_ids: list[str], label: str = "cohort") -> list[dict[str, Any]]:
    return [annotation(item, label) for item in reference_ids]


async def deliver(robot: Robot, order: Order, *entries: Any) -> web.Response:
    """Upload and call back, then answer the system's call: a fast robot."""
    assert await robot.upload(order, *entries) == 201
    assert (await robot.call_back(order))[0] == 200
    return web.Response(status=202)


async def enhances_all(robot: Robot, order: Order) -> web.Response:
    references = [reference["id"] for reference in await robot.references(order)]
    return await deliver(robot, order, *entries_for(references))


async def run(exchange: Exchange, behaviour: Behaviour, references: list[str]) -> dict[str, Any]:
    async with running_robot(exchange, behaviour) as robot:
        batch = await exchange.request(await exchange.register_robot(robot.url), references)
        return await exchange.ended(batch)


async def test_every_reference_enhanced_is_completed(either: Exchange) -> None:
    exchange = either
    references = await exchange.load(40)
    batch = await run(exchange, enhances_all, references)
    assert (batch["request_status"], batch["error"]) == ("completed", None)
    assert batch["reference_ids"] == references
    assert sorted(await exchange.report(batch)) == sorted(
        f"Reference {item}: Enhancement added." for item in references
    )
    assert all(line["error"] is None for line in await exchange.report_lines(batch))
    for item in references[:5]:
        stored = await exchange.stored(item)
        assert [{**one, "id": None} for one in stored][-1:] == [{**annotation(item), "id": None}]


async def test_a_mixed_file_is_partial_failed(either: Exchange) -> None:
    exchange = either
    references = await exchange.load(6, start=50)
    good, repeated, silent, wrong, error, missing = references
    stranger = str(uuid4())

    async def mixed(robot: Robot, order: Order) -> web.Response:
        return await deliver(
            robot,
            order,
            annotation(good, "mixed"),
            b"{not json",
            annotation(repeated, "mixed"),
            annotation(repeated, "mixed"),
            annotation(stranger),
            b"",
            annotation(wrong, source=1),
            {"reference_id": error, "message": "no abstract"},
            annotation(silent, "mixed"),
            annotation(silent, "mixed too"),
        )

    batch = await run(exchange, mixed, references)
    assert batch["request_status"] == "partial_failed"
    lines = await exchange.report(batch)
    assert len(lines) == 9 + 2
    assert lines[1].startswith("Entry 2: Could not be read: ")
    assert f"Reference {repeated}: The same enhancement as in an earlier entry; it was not added again." in lines
    assert f"Reference {stranger}: Not one of the references of this batch request." in lines
    assert f"Reference {error}: The robot reported: no abstract" in lines
    assert {f"Reference {item}: Missing from the robot's result." for item in (wrong, missing)} <= set(lines)
    assert [len(await exchange.stored(item)) for item in references] == [1, 1, 2, 0, 0, 0]


@pytest.mark.parametrize("entries", [(), (b"nothing usable",)])
async def test_nothing_usable_is_failed(exchange: Exchange, entries: tuple[bytes, ...]) -> None:
    references = await exchange.load(2, start=60)
    batch = await run(exchange, lambda robot, order: deliver(robot, order, *entries), references)
    assert batch["request_status"] == "failed"
    assert batch["error"]
    assert len(await exchange.report(batch)) == 2 + len(entries)


async def test_a_robots_error_is_failed_and_imports_nothing_though_it_uploaded(exchange: Exchange) -> None:
    references = await exchange.load(2, start=64)

    async def fails(robot: Robot, order: Order) -> web.Response:
        await robot.upload(order, *entries_for(references))
        assert (await robot.call_back(order, error="no\nmodel"))[0] == 200
        assert (await robot.call_back(order, error="no\nmodel"))[0] == 200, "the same again is fine"
        assert (await robot.call_back(order))[0] == 409, "a success after an error is not"
        return web.Response(status=202)

    batch = await run(exchange, fails, references)
    assert (batch["request_status"], batch["error"]) == ("failed", "The robot reported an error: no model")
    assert batch["validation_result_file"] is None
    assert [await exchange.stored(item) for item in references] == [[], []]


async def test_a_robots_4xx_is_rejected_with_its_words(exchange: Exchange) -> None:
    async def refuses(_robot: Robot, _order: Order) -> web.Response:
        return web.json_response({"detail": "Only English, please."}, status=422)

    batch = await run(exchange, refuses, await exchange.load(1, start=70))
    assert batch["request_status"] == "rejected"
    assert batch["error"] == "The robot refused the batch (HTTP 422): Only English, please."


async def test_a_robot_that_is_down_for_its_first_calls(exchange: Exchange) -> None:
    references = await exchange.load(2, start=72)

    async def busy_twice(robot: Robot, order: Order) -> web.Response:
        if len(robot.orders) <= 2:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return await enhances_all(robot, order)

    assert (await run(exchange, busy_twice, references))["request_status"] == "completed"


async def test_a_robot_that_refuses_connections_at_first(exchange: Exchange, unused_tcp_port: int) -> None:
    references = await exchange.load(2, start=74)
    robot_id = await exchange.register_robot(f"http://127.0.0.1:{unused_tcp_port}")
    batch = await exchange.request(robot_id, references)
    await exchange.until(batch, {"received"})
    async with running_robot(exchange, enhances_all, unused_tcp_port):
        assert (await exchange.ended(batch))["request_status"] == "completed"


async def test_a_robot_that_stays_down_is_failed(exchange: Exchange, unused_tcp_port: int) -> None:
    robot_id = await exchange.register_robot(f"http://127.0.0.1:{unused_tcp_port}")
    batch = await exchange.ended(await exchange.request(robot_id, await exchange.load(1, start=76)))
    assert batch["request_status"] == "failed"
    assert "could not be reached" in batch["error"]


async def test_a_robot_that_never_answers_is_failed(exchange: Exchange) -> None:
    batch = await run(exchange, takes_it, await exchange.load(1, start=78))
    assert batch["request_status"] == "failed"
    assert "delivered no result" in batch["error"]
