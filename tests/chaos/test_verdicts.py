"""A test of the checks: without faults everything passes, and each planted fault is found."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.chaos.__main__ import conclude
from tests.chaos.plan import Plan, Request
from tests.chaos.run import Requested, Run, prepare
from tests.chaos.verdicts import Verdict, judge
from tests.stacks import Stack

ROBOTS = ("honest", "misbehaving", "refuses", "uploads twice", "honest, all references")
# Shorter than the limit for silent robots.
END_TIMEOUT_S = 3.0


def make_plan(*robots: str) -> Plan:
    requests = (Request(0.1 * number, robot, (1, 2, 3, 4, 5), 3) for number, robot in enumerate(robots))
    return Plan(seed=123, seconds=1.0, requests=tuple(requests), faults=())


@pytest.fixture(scope="module")
async def run(emulators: Stack) -> AsyncIterator[Run]:
    """Run batches without faults, until all have ended."""
    async with prepare(make_plan(*ROBOTS), emulators, print) as run:
        await run.follow_plan()
        yield run


def find(run: Run, robot: str) -> Requested:
    return next(requested for requested in run.requested if requested.request.robot == robot)


def find_failures(verdict: Verdict, requested: Requested) -> str:
    return "\n".join(failure for failure in verdict.failures if requested.batch.id in failure)


async def read_enhancement(run: Run, requested: Requested) -> dict[str, Any]:
    """Return the item of an enhancement that the batch added."""
    container = await run.hosts.exchange.database.container("references")
    (reference, label), _ = requested.batch.tried[-1].added.most_common(1)[0]
    query = "SELECT * FROM c WHERE c.kind = 'enhancement' AND c.reference_id = @reference"
    parameters: list[dict[str, object]] = [{"name": "@reference", "value": reference}]
    items = [item async for item in container.query_items(query, parameters=parameters)]
    return next(item for item in items if item["content"]["annotations"][0]["label"] == label)


async def test_everything_passes_without_a_planted_fault(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    verdict = await judge(run)
    assert verdict.failures == []
    assert verdict.passed["every enhancement is stored once"] == len(ROBOTS)
    assert {robot: counts.total() for robot, counts in verdict.statuses.items()} == dict.fromkeys(ROBOTS, 1)
    assert conclude(run.plan, verdict) == 0
    assert "checks passed with SEED=123" in capsys.readouterr().out


async def test_a_batch_that_does_not_end_is_found_and_fails_the_run(
    emulators: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    async with prepare(make_plan("silent"), emulators, print) as run:
        await run.follow_plan(END_TIMEOUT_S)
        verdict = await judge(run)
    assert "for the end" in find_failures(verdict, find(run, "silent"))
    assert conclude(run.plan, verdict) == 1
    printed = capsys.readouterr().out
    assert f"FAILED: batch {find(run, 'silent').batch.id}" in printed
    assert "make chaos SECONDS=1 SEED=123" in printed


async def test_a_deleted_enhancement_is_found(run: Run) -> None:
    requested = find(run, "honest")
    item = await read_enhancement(run, requested)
    await run.hosts.exchange.remove_item("references", item["id"], item["bucket"])
    assert "1 enhancements are lost, 0 are unexpected" in find_failures(await judge(run), requested)


async def test_a_duplicate_enhancement_is_found(run: Run) -> None:
    requested = find(run, "misbehaving")
    item = await read_enhancement(run, requested)
    container = await run.hosts.exchange.database.container("references")
    await container.create_item({**item, "id": f"{item['id'][:-4]}0000"})
    assert "0 enhancements are lost, 1 are unexpected" in find_failures(await judge(run), requested)


async def test_a_batch_that_changed_after_its_end_is_found(run: Run) -> None:
    requested = find(run, "uploads twice")
    container = await run.hosts.exchange.database.container("batches")
    item = await container.read_item(requested.batch.id, partition_key=requested.batch.id)
    await container.replace_item(item["id"], {**item, "error": "planted"})
    assert "nothing changed after the end" in find_failures(await judge(run), requested)


async def test_a_lost_batch_is_found(run: Run) -> None:
    requested = find(run, "honest, all references")
    await run.hosts.exchange.remove_item("batches", requested.batch.id, requested.batch.id)
    failures = find_failures(await judge(run), requested)
    assert "it was accepted, but these batches are stored: []" in failures


async def test_a_batch_with_another_end_than_its_robot_determines_is_found(run: Run) -> None:
    requested = find(run, "refuses")
    item = requested.end
    assert isinstance(item, dict)
    requested.end = {**item, "status": "failed", "error": "The robot could not be reached in 3 attempts: HTTP 503"}
    assert "it ended as 'unreachable'" in find_failures(await judge(run), requested)


async def test_an_unexpected_error_in_the_log_of_a_host_is_found(run: Run) -> None:
    with run.hosts.places[1].logs[0].log.open("a") as log:
        log.write("2026-01-01 00:00:00,000 ERROR exchange.functions.errors batch 1: unexpected error\n")
    assert any("host 2: 2026-01-01" in failure for failure in (await judge(run)).failures)
