"""Robots fetch the parts of up to a million references on the complete local stack, from the request to the report."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks import results
from benchmarks.inputs import ROOT, make_ids, make_references
from benchmarks.parts import MEBI, PART, SIZES, judge
from benchmarks.parts_process import WORKERS
from benchmarks.site import Site, running_site
from benchmarks.snapshot import make_items
from benchmarks.status_reads import wait_until
from exchange.contract.robots import Delivery, RobotSettings
from exchange.domain.counts import count_references
from exchange.robots import Annotation, Reference, Robot, annotation
from tests.e2e.exchange import Exchange, exchange_on
from tests.stacks import read_host_memory

_TIMEOUT_S = 3_600.0
# Loaded at once. All items together would not fit in the memory of a small machine.
_SLICE = 20_000

_METHOD = f"""\
{WORKERS} processes of one robot on the kit fetch parts of {PART:,} references on the local stack, tag them and report
them. The references have titles, but no abstracts. Time is from the creation of the first part to the end of the batch
request, with its report. It includes the emulators and the robot, which run on the same cores. Memory is the peak of
the function app minus that before."""

robot = Robot("benchmark", version="1", needs=["bibliographic"])


@robot.enhance
def _tag(_reference: Reference) -> Annotation:
    return annotation("scheme", "label", score=0.5)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a batch request. `accounted` counts the references in its report."""

    seconds: float
    memory: float
    parts: int
    enhanced: int
    accounted: int


async def _load(site: Site, reference_ids: Sequence[UUID]) -> None:
    for start in range(0, len(reference_ids), _SLICE):
        some = reference_ids[start : start + _SLICE]
        await site.upsert(make_items(some, _make_titles(len(some), site.folder)))


def _make_titles(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Yield references without abstracts. With them, a million would not fit in the memory of the emulators."""
    for reference in make_references(count, folder):
        titles = [item for item in reference["enhancements"] if item["enhancement_type"] == "bibliographic"]
        yield {**reference, "enhancements": titles}


async def _measure(site: Site, exchange: Exchange, robot_id: str, reference_ids: Sequence[UUID]) -> Cost:
    """Request a batch and wait until it has ended."""
    before = read_host_memory(exchange.stack, "VmRSS")
    request = await exchange.request_batch(robot_id, list(map(str, reference_ids)))
    batch_id = UUID(request["id"])
    ended = await wait_until(site, batch_id, lambda batch: batch.ended, timeout_s=_TIMEOUT_S)
    assert ended.ended_at is not None  # noqa: S101 - the batch has ended
    peak = read_host_memory(exchange.stack, "VmHWM")
    parts = await _list_parts(exchange, batch_id)
    report = await exchange.read_report(await exchange.read(request))
    counts = count_references(ended)
    return Cost(
        seconds=ended.ended_at - min(part["created_at"] for part in parts),
        memory=(peak - before) * MEBI,
        parts=len(parts),
        enhanced=0 if counts is None else counts.enhanced,
        accounted=len({line.split()[1] for line in report}),
    )


async def _list_parts(exchange: Exchange, batch_id: UUID) -> list[dict[str, Any]]:
    container = await exchange.database.container("batches")
    query = "SELECT * FROM c WHERE IS_DEFINED(c.part)"
    items = [item async for item in container.query_items(query)]
    return [item for item in items if item["part"]["of"] == str(batch_id)]


@asynccontextmanager
async def _running_workers(exchange: Exchange, robot_id: str) -> AsyncIterator[None]:
    environment = {**os.environ, "ROBOT_ID": robot_id, "ROBOT_SECRET": exchange.secrets[robot_id]}
    command = [sys.executable, "-m", "benchmarks.fetched_flow", "--pull", "--api", exchange.stack.api]
    command += ["--limit", str(PART)]
    workers = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
        await asyncio.gather(*(worker.wait() for worker in workers))


async def run(data: Path) -> None:
    """Measure everything and write the section."""
    found = {}
    async with running_site(folder=data) as site, exchange_on(site.stack) as exchange:
        robot_id = await exchange.register_robot("http://127.0.0.1:9", dependent_enhancements=["bibliographic"])
        await exchange.as_user("operator").change_robot(UUID(robot_id), RobotSettings(delivery=Delivery.PULL))
        async with _running_workers(exchange, robot_id):
            for seed, count in enumerate(SIZES):
                # Other references for each size, so that all have the same number of enhancements.
                reference_ids = make_ids(count, seed)
                await _load(site, reference_ids)
                cost = found[count] = await _measure(site, exchange, robot_id, reference_ids)
                print(f"{count:,} references fetched: {cost.seconds:.1f} s {cost.memory / MEBI:.0f} MiB")
    results.write_section("Batch requests in parts on the local stack", f"{_METHOD}\n\n{_format(found)}")


def _format(found: Mapping[int, Cost]) -> str:
    lines = [
        "| references | parts | s | us per reference | memory, MiB | enhanced | in the report |",
        "|---|---|---|---|---|---|---|",
    ]
    for count, cost in found.items():
        figures = f"{cost.seconds:.1f} | {1e6 * cost.seconds / count:.0f} | {cost.memory / MEBI:.0f}"
        lines.append(f"| {count:,} | {cost.parts} | {figures} | {cost.enhanced:,} | {cost.accounted:,} |")
    memory = max(cost.memory for cost in found.values())
    complete = all(cost.enhanced == cost.accounted == count for count, cost in found.items())
    lines += judge({count: cost.seconds for count, cost in found.items()}, memory, complete=complete)
    return "\n".join(lines)


if __name__ == "__main__":
    robot.main()
