"""Batch requests in parts on the local stack, of robots that the exchange calls."""

import json
from typing import Any
from uuid import UUID

from exchange.contract.robots import RobotSettings
from tests.e2e.exchange import BATCHES, Exchange, wait_for
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.e2e.test_flows import deliver, enhance_all
from tests.e2e.test_steering import counts, get
from tests.results import annotation


async def register(exchange: Exchange, robot: Robot, max_references: int) -> str:
    """Register a robot that takes at most so many references in one job."""
    robot_id = await exchange.register_robot(robot.url)
    settings = RobotSettings(max_references=max_references)
    await exchange.as_user("operator").change_robot(UUID(robot_id), settings)
    return robot_id


async def spoil_the_second_job(robot: Robot, job: Job) -> Any:
    """Enhance all references, but the second job also has an entry that cannot be read and a missing reference."""
    references = [reference["id"] for reference in await robot.download_references(job)]
    if robot.jobs.index(job) != 1:
        return await deliver(robot, job, *map(annotation, references))
    return await deliver(robot, job, b"not JSON", *map(annotation, references[1:]))


async def test_a_robot_works_on_a_batch_request_in_parts(exchange: Exchange) -> None:
    references = await exchange.load_references(5, start=200)
    async with running_robot(exchange, enhance_all) as robot:
        batch = await exchange.request_batch(await register(exchange, robot, 2), references)
        assert batch["parts"] == {"made": 0, "open": 0, "left": 5}
        ended = await exchange.wait_until_ended(batch)
    assert (ended["request_status"], ended["error"]) == ("completed", None)
    assert ended["parts"] == {"made": 3, "open": 0, "left": 0}
    assert ended["counts"] == counts(5, enhanced=5)
    assert ended["reference_ids"] == references
    # Inside a part, the entries have the order of the result file.
    report = await exchange.read_report(ended)
    expected = [f"Reference {item}: Enhancement added." for item in references]
    assert [sorted(report[start : start + 2]) for start in (0, 2, 4)] == [
        sorted(expected[start : start + 2]) for start in (0, 2, 4)
    ]
    added = [json.loads(line) for line in await exchange.download_lines(ended["enhancements_url"])]
    assert sorted(line["reference_id"] for line in added) == sorted(references)
    assert [line["line"] for line in added] == [1, 2, 3, 4, 5]
    assert {line["batch_request_id"] for line in added} == {batch["id"]}
    for line in added:
        assert line["id"] in {stored["id"] for stored in await exchange.list_enhancements(line["reference_id"])}
    _, listed = await get(exchange, f"{BATCHES}{batch['id']}/parts")
    parts = [(part["number"], part["references"], part["request_status"]) for part in listed["parts"]]
    assert parts == [(1, 2, "completed"), (2, 2, "completed"), (3, 1, "completed")]
    assert sorted(job["id"] for job in robot.jobs) == sorted(part["id"] for part in listed["parts"])


async def test_the_report_has_the_entries_of_all_parts(exchange: Exchange) -> None:
    references = await exchange.load_references(6, start=210)
    async with running_robot(exchange, spoil_the_second_job) as robot:
        batch = await exchange.request_batch(await register(exchange, robot, 3), references)
        ended = await exchange.wait_until_ended(batch)
    assert (ended["request_status"], ended["error"]) == ("partial_failed", None)
    assert ended["counts"] == counts(6, enhanced=5, missing=1)
    assert (ended["entries"]["total"], ended["entries"]["added"], ended["entries"]["unreadable"]) == (6, 5, 1)
    assert len(await exchange.read_report(ended)) == 7
    lines = await exchange.read_report_lines(ended)
    assert [line["line"] for line in lines if line["kind"] != "missing"] == [1, 2, 3, 4, 5, 6]
    _, entries = await get(exchange, f"{BATCHES}{batch['id']}/entries", kind="missing")
    assert len(entries["entries"]) == 1
    _, errors = await get(exchange, f"{BATCHES}{batch['id']}/errors")
    assert sorted((error["kind"], error["count"]) for error in errors["errors"]) == [("missing", 1), ("unreadable", 1)]


async def test_a_batch_request_in_parts_is_cancelled_and_retried(exchange: Exchange) -> None:
    references = await exchange.load_references(4, start=220)
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(await register(exchange, robot, 2), references)

        async def find_jobs() -> bool | None:
            return len(robot.jobs) == 2 or None

        await wait_for(find_jobs, "the jobs of both parts")
        await exchange.wait_until(batch, {"accepted"})
        found = [(await robot.download_references(job), job) for job in robot.jobs]
        (first,) = (job for given, job in found if references[0] in {reference["id"] for reference in given})
        await enhance_all(robot, first)

        async def find_enhanced() -> bool | None:
            return (await exchange.read(batch))["counts"]["enhanced"] == 2 or None

        await wait_for(find_enhanced, "the end of the first part")
        path = f"{BATCHES}{batch['id']}"
        assert (await exchange.post(f"{path}/cancel", {"reason": "enough"}, role="requestor"))[0] == 200
        ended = await exchange.wait_until_ended(batch)
        assert (ended["request_status"], ended["error_code"]) == ("partial_failed", "cancelled")
        assert ended["counts"] == counts(4, enhanced=2, cancelled=2)
        assert len(await exchange.read_report(ended)) == 4
        status, retry = await exchange.post(f"{path}/retry", b"", role="requestor")
        assert (status, retry["reference_ids"]) == (202, references[2:])
