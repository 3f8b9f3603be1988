"""The whole flow on the complete local stack: from the request of a batch to its report.

The naive implementation is the same app without the fast parser: the contract's model parses every line of a result.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.goals import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ROOT
from benchmarks.requests import Requests, running_requests
from benchmarks.site import Site

_SMALL, _USUAL, _MAXIMUM = 500, 25_000, 100_000

_APPS = {OURS: ROOT / "function_app.py", NAIVE: ROOT / "benchmarks" / "without_fast_parser.py"}
_MAXIMUM_ROUNDS = 2


def _make_goal(count: int, naive: Bound) -> Goal:
    return Goal(
        name=f"whole flow, {count:,} references",
        unit="s",
        naive=naive,
        lower_is_better=True,
        explanation=(
            "The emulators take most of the time. The ratio varies with the load of the machine: the difference is that"
            " of the row about a line, times the number of lines."
        ),
    )


GOALS = {
    _SMALL: _make_goal(_SMALL, Bound(1, floor=0.7)),
    _USUAL: _make_goal(_USUAL, Bound(1.05, floor=0.8)),
    _MAXIMUM: _make_goal(_MAXIMUM, Bound(1.05, floor=0.8)),
}


async def _measure_seconds(requests: Requests, count: int) -> float:
    started = time.time()
    batch = await requests.run_batch(requests.reference_ids[:count])
    assert batch.ended_at is not None  # noqa: S101 - the batch has ended
    return batch.ended_at - started


async def _measure_app(app: Path, counts: Sequence[int], data: Path) -> list[tuple[int, float]]:
    """Run batches of these sizes on a new stack, after one that opens every connection."""
    async with running_requests(max(counts), data, "--app", str(app)) as requests:
        await requests.run_batch(requests.reference_ids[:100])
        return [(count, await _measure_seconds(requests, count)) for count in counts]


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure the seconds of a batch. Only the full run has a batch of the maximum size."""
    rounds: list[Sequence[int]] = [(_SMALL, _SMALL, _SMALL, _USUAL)] * effort.choose(1, effort.rounds)
    if effort.full:
        rounds += [(_MAXIMUM,)] * _MAXIMUM_ROUNDS
    found: dict[str, Rounds] = {}
    for counts in rounds:
        for name, app in _APPS.items():
            for count, seconds in await _measure_app(app, counts, site.folder):
                found.setdefault(GOALS[count].name, {name: [] for name in _APPS})[name].append(seconds)
    return found


BENCHMARK = Benchmark(tuple(GOALS.values()), measure)
