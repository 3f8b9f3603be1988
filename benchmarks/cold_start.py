"""What a new instance imports before it can answer: nothing connects, and no client of an SDK is made."""

import asyncio
import os
import sys

from benchmarks.figures import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ROOT
from benchmarks.site import Site

GOAL = Goal(
    name="cold start",
    unit="s",
    limit=Bound(1.6, at_most=True, floor=7),
    costs=True,
    why=(
        "The extension by which the host hands over blobs imports azure.storage.blob, azure.identity and aiohttp,"
        " 2.8 times the limit by itself; the app adds a tenth to that. What would help: an extension that imports"
        " them when a client is asked for."
    ),
)

_TIMED = "import time; begun = time.perf_counter(); {}; print(time.perf_counter() - begun)"
_OURS = "import function_app"
_LIMIT = "import azure.functions, pydantic"
_TRIES = 3


async def _seconds(statement: str, environment: dict[str, str]) -> float:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _TIMED.format(statement),
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return float(said)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure seconds, in processes of their own; the first is not counted, as it reads from the disk."""
    settings = dict(site.stack.settings)
    await _seconds(_OURS, settings)
    rounds: dict[str, list[float]] = {OURS: [], LIMIT: []}
    for _ in range(effort.rounds + _TRIES):
        rounds[OURS].append(await _seconds(_OURS, settings))
        rounds[LIMIT].append(await _seconds(_LIMIT, settings))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
