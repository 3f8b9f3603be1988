"""The imports that a new instance needs before it can answer. It does not connect, and creates no client of an SDK."""

import asyncio
import os
import sys

from benchmarks.goals import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ROOT
from benchmarks.site import Site

GOAL = Goal(
    name="cold start",
    unit="s",
    limit=Bound(1.6, at_most=True, floor=7),
    lower_is_better=True,
    explanation=(
        "The extension with which the host passes blobs to functions imports azure.storage.blob, azure.identity and"
        " aiohttp. It alone takes 2.8 times the limit. The app adds a tenth of that. An extension that imports them"
        " when a client is first used would help."
    ),
)

_TIMED = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"
_OURS = "import function_app"
_LIMIT = "import azure.functions, pydantic"
_EXTRA_ROUNDS = 3


async def _measure_seconds(statement: str, environment: dict[str, str]) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _TIMED.format(statement),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return float(output)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure seconds, each time in a new process. The first time does not count, because it reads from the disk."""
    settings = dict(site.stack.settings)
    await _measure_seconds(_OURS, settings)
    rounds: dict[str, list[float]] = {OURS: [], LIMIT: []}
    for _ in range(effort.rounds + _EXTRA_ROUNDS):
        rounds[OURS].append(await _measure_seconds(_OURS, settings))
        rounds[LIMIT].append(await _measure_seconds(_LIMIT, settings))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
