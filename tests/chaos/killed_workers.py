"""`python -m tests.chaos.killed_workers`: many processes of one robot fetch jobs, and are killed at random.

Each process is killed with SIGKILL after a random time and started again. Then nobody is killed any more, and every
batch request has to end. No reference may be lost, none may have two enhancements of a batch request, and the
references of each lease that expired must have gone to another part.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.slow_robot import SOURCE
from tests.e2e.exchange import Exchange, exchange_on
from tests.references import read_all
from tests.stacks import ROOT, running_stack

REFERENCES = 300
LEASE_S = 10
# Each waits for the end of its batch request before it makes the next one, so slow machines have fewer.
REQUESTORS = 8
LIMIT = 5
_MEAN_LIFE_S = 15.0
_END_S = 300.0
# Workers die all the time, so the references are fetched more often than a robot should need.
_SETTINGS = {"LEASE_ATTEMPTS": "1000", "OPEN_BATCHES_LIMIT": "100000", "CALLBACK_WAIT_S": "5"}


@dataclass(slots=True)
class Outcome:
    """What happened. `waits_s` has the time from the end of each expired lease until another fetch took it."""

    batches: int = 0
    references: int = 0
    kills: int = 0
    parts: int = 0
    expired: int = 0
    waits_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        longest = max(self.waits_s, default=0.0)
        return (
            f"{self.batches} batch requests of {self.references} references, {self.parts} parts, {self.kills} kills, "
            f"{self.expired} leases expired and were taken at most {longest:.1f} s later, "
            f"{len(self.failures)} failures"
        )


class Workers:
    """Processes of one robot. Until `calm` is called, each is killed and started again and again."""

    def __init__(self, exchange: Exchange, robot_id: str, seed: int) -> None:
        self.kills = 0
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._calm = asyncio.Event()
        self._environment = {**os.environ, "ROBOT_ID": robot_id, "ROBOT_SECRET": exchange.secrets[robot_id]}
        self._command = [sys.executable, "-m", "tests.chaos.slow_robot", "--pull", "--api", exchange.stack.api]
        self._command += ["--limit", str(LIMIT), "--lease", str(LEASE_S)]

    async def run(self) -> None:
        """Keep one process running, until this task is cancelled."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, env=self._environment, stderr=asyncio.subprocess.DEVNULL
            )
            try:
                await asyncio.wait_for(self._calm.wait(), self._random.expovariate(1 / _MEAN_LIFE_S))
                await process.wait()
            except TimeoutError:
                self.kills += 1
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    def calm(self) -> None:
        """Kill nobody any more."""
        self._calm.set()


async def run_killed_workers(workers: int, seconds: float, seed: int, folder: Path) -> Outcome:
    """Run so many processes for so long. Return what happened when all batch requests have ended."""
    outcome = Outcome()
    with running_stack(folder, **_SETTINGS) as stack:
        async with exchange_on(stack) as exchange:
            references = await exchange.load_references(REFERENCES)
            robot_id = await exchange.register_pull_robot("bibliographic")
            killed = Workers(exchange, robot_id, seed)
            chance, end = random.Random(seed), time.monotonic() + seconds  # noqa: S311 - repeatable, not secret

            async def request() -> list[dict[str, Any]]:
                batches = []
                while time.monotonic() < end:
                    chosen = chance.sample(references, chance.randint(1, 40))
                    batches.append({**await exchange.request_batch(robot_id, chosen), "reference_ids": chosen})
                    await _check_end(exchange, batches[-1], outcome)
                killed.calm()
                return batches

            async with _running(killed, workers):
                found = await asyncio.gather(*(request() for _ in range(REQUESTORS)))
            outcome.kills = killed.kills
            await _check_enhancements(exchange, [batch for batches in found for batch in batches], outcome)
            await _check_parts(exchange, outcome)
    return outcome


@asynccontextmanager
async def _running(workers: Workers, count: int) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(workers.run()) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _check_end(exchange: Exchange, batch: dict[str, Any], outcome: Outcome) -> None:
    requested = len(batch["reference_ids"])
    outcome.batches += 1
    outcome.references += requested
    ended = await exchange.wait_until(batch, {"completed", "partial_failed", "failed", "rejected"}, _END_S)
    if ended["request_status"] != "completed" or ended["counts"]["enhanced"] != requested:
        outcome.failures.append(f"batch {batch['id']} ended as {ended['request_status']}: {ended['error']}")
    report = await exchange.read_report(ended)
    expected = sorted(f"Reference {item}: Enhancement added." for item in batch["reference_ids"])
    if sorted(report) != expected:
        outcome.failures.append(f"batch {batch['id']} of {requested} has a report of {len(report)} lines")


async def _check_enhancements(exchange: Exchange, batches: Sequence[dict[str, Any]], outcome: Outcome) -> None:
    """Check that each batch request added one enhancement to each of its references, and no other."""
    expected = Counter((item, batch["id"]) for batch in batches for item in batch["reference_ids"])
    ids = {UUID(item) for batch in batches for item in batch["reference_ids"]}
    found: Counter[tuple[str, str]] = Counter()
    for reference in await read_all(exchange.store, ids):
        for stored in reference.enhancements or []:
            if stored.source == SOURCE:
                found[str(reference.id), str(stored.batch_request_id)] += 1
    lost, twice = (expected - found).total(), (found - expected).total()
    if lost or twice:
        outcome.failures.append(f"{lost} enhancements are lost, {twice} are too many")


async def _check_parts(exchange: Exchange, outcome: Outcome) -> None:
    """Check that each part has ended. Find how long references waited after their lease expired."""
    container = await exchange.database.container("batches")
    async for item in container.query_items("SELECT * FROM c WHERE IS_DEFINED(c.part)"):
        outcome.parts += 1
        if item["ended_at"] is None:
            outcome.failures.append(f"part {item['id']} has not ended")
        elif item["part"]["returned"] and not item["lease"]["given_back"]:
            outcome.expired += 1
            outcome.waits_s.append(item["ended_at"] - item["lease"]["until"])


def main() -> int:
    """Run it from the command line. Return the exit code: 1 if a check failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long processes are killed")
    parser.add_argument("--workers", type=int, default=20, help="how many processes the robot has")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="killed-workers-") as name:
        outcome = asyncio.run(run_killed_workers(options.workers, options.seconds, options.seed, Path(name)))
    print("\n".join([*outcome.failures, str(outcome)]))  # noqa: T201 - for the terminal
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
