"""How a batch ends, with robots that behave correctly and with robots that do not."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from exchange.contract.robots import RobotSettings
from tests.e2e.exchange import Exchange
from tests.e2e.robot import Behaviour, Job, Robot, accept_job, running_robot
from tests.results import annotation


def make_entries(reference_ids: list[str], label: str = "cohort") -> list[dict[str, Any]]:
    return [annotation(item, label) for item in reference_ids]


async def deliver(robot: Robot, job: Job, *entries: Any) -> web.Response:
    """Upload and call back before answering the call of the exchange, as a fast robot does."""
    assert await robot.upload(job, *entries) == 201
    assert (await robot.call_back(job))[0] == 200
    return web.Response(status=202)


async def enhance_all(robot: Robot, job: Job) -> web.Response:
    references = [reference["id"] for reference in await robot.download_references(job)]
    return await deliver(robot, job, *make_entries(references))


async def run_batch(exchange: Exchange, behaviour: Behaviour, references: list[str]) -> dict[str, Any]:
    async with running_robot(exchange, behaviour) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        return await exchange.wait_until_ended(batch)


async def test_a_batch_with_every_reference_enhanced_is_completed(exchange_once_and_twice: Exchange) -> None:
    exchange = exchange_once_and_twice
    references = await exchange.load_references(40)
    batch = await run_batch(exchange, enhance_all, references)
    assert (batch["request_status"], batch["error"]) == ("completed", None)
    assert batch["reference_ids"] == references
    assert sorted(await exchange.read_report(batch)) == sorted(
        f"Reference {item}: Enhancement added." for item in references
    )
    assert all(line["error"] is None for line in await exchange.read_report_lines(batch))
    for item in references[:5]:
        newest, *_ = await exchange.list_enhancements(item)
        origin = {name: newest.pop(name) for name in ("id", "created_at", "batch_request_id", "robot_id")}
        assert newest == annotation(item)
        assert (origin["batch_request_id"], origin["robot_id"]) == (batch["id"], batch["robot_id"])


async def set_version(exchange: Exchange, robot_id: str, version: str) -> None:
    await exchange.as_user("operator").change_robot(UUID(robot_id), RobotSettings(version=version))


async def test_references_that_are_enhanced_already_are_skipped(exchange: Exchange) -> None:
    references = await exchange.load_references(4, start=70)
    first, second, *others = references
    async with running_robot(exchange, enhance_all) as robot:
        robot_id = await exchange.register_robot(robot.url)
        await set_version(exchange, robot_id, "1")
        await exchange.wait_until_ended(await exchange.request_batch(robot_id, [first, second]))
        (stored,) = [item for item in await exchange.list_enhancements(first) if item.get("robot_version") == "1"]
        assert stored["source"] == "test robot"

        async def request_and_read_job() -> set[str]:
            batch = await exchange.request_batch(robot_id, references, skip_enhanced=True)
            ended = await exchange.wait_until_ended(batch)
            assert (ended["request_status"], ended["reference_ids"]) == ("completed", references)
            jobs = [job for job in robot.jobs if job["id"] == batch["id"]]
            return {item["id"] for job in jobs for item in await robot.download_references(job)}

        assert await request_and_read_job() == set(others)
        assert await request_and_read_job() == set()
        assert len(robot.jobs) == 2
        await set_version(exchange, robot_id, "2")
        assert await request_and_read_job() == set(references)


async def test_a_batch_with_a_mixed_result_file_is_partial_failed(exchange_once_and_twice: Exchange) -> None:
    exchange = exchange_once_and_twice
    references = await exchange.load_references(6, start=50)
    good, repeated, two_labels, wrong, error, missing = references
    not_requested = str(uuid4())

    async def mixed(robot: Robot, job: Job) -> web.Response:
        return await deliver(
            robot,
            job,
            annotation(good, "mixed"),
            b"{not json",
            annotation(repeated, "mixed"),
            annotation(repeated, "mixed"),
            annotation(not_requested),
            b"",
            annotation(wrong, source=1),
            {"reference_id": error, "message": "no abstract"},
            annotation(two_labels, "mixed"),
            annotation(two_labels, "mixed too"),
        )

    batch = await run_batch(exchange, mixed, references)
    assert batch["request_status"] == "partial_failed"
    lines = await exchange.read_report(batch)
    assert len(lines) == 9 + 1
    assert lines[1].startswith("Entry 2: Could not be read: ")
    assert f"Reference {repeated}: Same content as an earlier entry. It was not added again." in lines
    assert f"Reference {not_requested}: Not one of the references of this batch request." in lines
    assert f"Reference {error}: The robot reported: no abstract" in lines
    assert f"Reference {wrong}: Could not be read: source: Input should be a valid string" in lines
    assert f"Reference {missing}: Missing from the robot's result." in lines
    assert [len(await exchange.list_enhancements(item)) for item in references] == [1, 1, 2, 0, 0, 0]


@pytest.mark.parametrize("entries", [(), (b"not an entry",)])
async def test_a_batch_without_any_valid_entry_is_failed(exchange: Exchange, entries: tuple[bytes, ...]) -> None:
    references = await exchange.load_references(2, start=60)
    batch = await run_batch(exchange, lambda robot, job: deliver(robot, job, *entries), references)
    assert batch["request_status"] == "failed"
    assert batch["error"]
    assert len(await exchange.read_report(batch)) == 2 + len(entries)


async def test_an_error_callback_ends_the_batch_as_failed_and_imports_nothing(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=64)

    async def fail(robot: Robot, job: Job) -> web.Response:
        await robot.upload(job, *make_entries(references))
        assert (await robot.call_back(job, error="no\nmodel"))[0] == 200
        assert (await robot.call_back(job, error="no\nmodel"))[0] == 200, "repeating the callback is accepted"
        assert (await robot.call_back(job))[0] == 409, "a success after an error is refused"
        return web.Response(status=202)

    batch = await run_batch(exchange, fail, references)
    assert (batch["request_status"], batch["error"]) == ("failed", "The robot reported an error: no model")
    assert batch["validation_result_file"] is None
    assert [await exchange.list_enhancements(item) for item in references] == [[], []]


async def test_a_4xx_of_the_robot_ends_the_batch_as_rejected_with_its_message(exchange: Exchange) -> None:
    async def reject(_robot: Robot, _job: Job) -> web.Response:
        return web.json_response({"detail": "Only English, please."}, status=422)

    batch = await run_batch(exchange, reject, await exchange.load_references(1, start=70))
    assert batch["request_status"] == "rejected"
    assert batch["error"] == "The robot rejected the batch (HTTP 422): Only English, please."


async def test_a_robot_that_answers_503_is_called_again(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=72)

    async def answer_503_twice(robot: Robot, job: Job) -> web.Response:
        if len(robot.jobs) <= 2:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return await enhance_all(robot, job)

    assert (await run_batch(exchange, answer_503_twice, references))["request_status"] == "completed"


async def test_a_robot_that_refuses_connections_is_called_again(exchange: Exchange, unused_tcp_port: int) -> None:
    references = await exchange.load_references(2, start=74)
    robot_id = await exchange.register_robot(f"http://127.0.0.1:{unused_tcp_port}")
    batch = await exchange.request_batch(robot_id, references)
    await exchange.wait_until(batch, {"received"})
    async with running_robot(exchange, enhance_all, unused_tcp_port):
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"


async def test_a_batch_whose_robot_stays_down_is_failed(exchange: Exchange, unused_tcp_port: int) -> None:
    robot_id = await exchange.register_robot(f"http://127.0.0.1:{unused_tcp_port}")
    batch = await exchange.wait_until_ended(
        await exchange.request_batch(robot_id, await exchange.load_references(1, start=76))
    )
    assert batch["request_status"] == "failed"
    assert "could not be reached" in batch["error"]


async def test_a_batch_whose_robot_never_delivers_is_failed(exchange: Exchange) -> None:
    batch = await run_batch(exchange, accept_job, await exchange.load_references(1, start=78))
    assert batch["request_status"] == "failed"
    assert "delivered no result" in batch["error"]
