"""Robots fetch the parts of up to a million references on the complete local stack, from the request to the report."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks import results
from benchmarks.inputs import ROOT, make_ids, make_references
from benchmarks.parts import MEBI, PART, SIZES, Cost, format_costs
from benchmarks.parts_process import WORKERS
from benchmarks.site import Site, running_site
from benchmarks.snapshot import make_items
from benchmarks.status_reads import wait_until
from exchange.robots import Annotation, Reference, Robot, annotation
from tests.e2e.exchange import Exchange, exchange_on
from tests.stacks import read_host_memory

_TIMEOUT_S = 3_600.0
# Loaded at once. All items together would not fit in the memory of a small machine.
_SLICE = 20_000

_METHOD = f"""\
{WORKERS} processes of one robot on the kit fetch parts of {PART:,} references on the local stack, tag them and report
them. The references have titles, but no abstracts. Time is from the first fetch to the end of the batch request, with
its report. It includes the emulators and the robot, which run on the same cores. Memory is the peak of the function app
minus that before. References that are enhanced and in the report are accounted for."""

robot = Robot("benchmark", version="1", needs=["bibliographic"])


@robot.enhance
def _tag(_reference: Reference) -> Annotation:
    return annotation("scheme", "label", score=0.5)


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
    await wait_until(site, UUID(request["id"]), lambda batch: batch.ended, timeout_s=_TIMEOUT_S)
    peak = read_host_memory(exchange.stack, "VmHWM")
    ended = await exchange.read(request)
    reported = {line.split()[1] for line in await exchange.read_report(ended)}
    accepted_at, ended_at = (datetime.fromisoformat(ended[name]) for name in ("accepted_at", "ended_at"))
    return Cost(
        seconds=(ended_at - accepted_at).total_seconds(),
        memory=round((peak - before) * MEBI),
        parts=ended["parts"]["made"],
        accounted=min(ended["counts"]["enhanced"], len(reported)),
    )


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
        robot_id = await exchange.register_pull_robot("bibliographic")
        async with _running_workers(exchange, robot_id):
            for seed, count in enumerate(SIZES):
                # Other references for each size, so that all have the same number of enhancements.
                reference_ids = make_ids(count, seed)
                await _load(site, reference_ids)
                cost = found[count] = await _measure(site, exchange, robot_id, reference_ids)
                print(f"{count:,} references fetched: {cost.seconds:.1f} s {cost.memory / MEBI:.0f} MiB")
    results.write_section("Batch requests in parts on the local stack", f"{_METHOD}\n\n{format_costs(found, 's')}")


if __name__ == "__main__":
    robot.main()
