"""How long a requestor waits for a batch's status while the same process validates and imports."""

import asyncio
import statistics
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import aiohttp

from benchmarks.figures import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, ids
from benchmarks.site import Site, running_site
from exchange.domain.batch import Batch
from exchange.domain.events import CallbackSucceeded
from exchange.use_cases.advance import advance

P99 = Goal(
    name="status reads: p99 while it works",
    unit="s",
    limit=Bound(5, at_most=True, floor=80),
    costs=True,
    why=(
        "Azurite and the Cosmos DB server, a thread each, do the same work's other half on the same two cores: a "
        "look at a blob takes them 50 to 77 ms meanwhile (p90, p99), while the host answers `/openapi.json`, "
        "which needs neither, within 20 ms beside a validation and 73 ms beside an import. What would help here: "
        "more cores."
    ),
)
SLOWEST = Goal(name="status reads: the slowest", unit="s", ours=Bound(1, at_most=True), costs=True)

_VALIDATED = 100_000
_IMPORTED = 40_000
_IDLE_READS = 200
# A requestor that looks again and again, and is no load by itself.
_PAUSE_S = 0.01
LOOK_AGAIN_S = 0.25
_PATIENCE_S = 900.0


class Reader:
    """Reads one batch's status over HTTP."""

    def __init__(self, site: Site, session: aiohttp.ClientSession, batch: Batch) -> None:
        self._session = session
        self._url = f"{site.stack.api}/references/enhancement/batch/{batch.id}"
        self._headers = {"Authorization": f"Bearer {site.stack.tokens['operator']}"}

    async def read_while(self, going: Callable[[int], bool]) -> list[float]:
        """Read one after the other as long as this says so of their number; return how long each took."""
        took: list[float] = []
        while going(len(took)):
            begun = time.perf_counter()
            async with self._session.get(self._url, headers=self._headers) as response:
                await response.read()
                response.raise_for_status()
            took.append(time.perf_counter() - begun)
            await asyncio.sleep(_PAUSE_S)
        return took


async def until(
    site: Site, batch_id: UUID, holds: Callable[[Batch], bool], look_again_s: float = LOOK_AGAIN_S
) -> Batch:
    """Wait until the batch is as it is to be, and return it: others work on it. Raises TimeoutError."""
    async with asyncio.timeout(_PATIENCE_S):
        while not holds(batch := (await site.services.batches.load(batch_id)).batch):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(look_again_s)
    return batch


async def _uploaded(site: Site, small: Batch, count: int) -> Batch:
    known = ids(count, seed=uuid4().int)
    batch = await site.taken_batch(small.robot_id, known)
    await site.upload(batch, ResultMaker(site.folder).file(known))
    return batch


async def _round(site: Site, small: Batch) -> tuple[list[float], list[float]]:
    """Measure reads while nothing else is done, and while one batch is validated and another imported."""
    imported = await _uploaded(site, small, _IMPORTED)
    await until(site, imported.id, lambda batch: batch.validation is not None)
    async with aiohttp.ClientSession() as session:
        reader = Reader(site, session, small)
        idle = await reader.read_while(lambda reads: reads < _IDLE_READS)
        validated = await _uploaded(site, small, _VALIDATED)
        await advance(imported.id, CallbackSucceeded(await site.services.results.current_upload(imported.id)), site.services)
        over = asyncio.gather(
            until(site, validated.id, lambda batch: batch.validation is not None),
            until(site, imported.id, lambda batch: batch.ended),
        )
        busy = await reader.read_while(lambda _: not over.done())
        await over
    return idle, busy


def _p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[-1]


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure on a stack of its own, with the function app."""
    p99: dict[str, list[float]] = {OURS: [], LIMIT: []}
    slowest: list[float] = []
    async with running_site(folder=site.folder) as running:
        small = await running.taken_batch((await running.robot()).id, ids(10))
        for _ in range(effort.size(1, 3)):
            idle, busy = await _round(running, small)
            p99[OURS].append(_p99(busy))
            p99[LIMIT].append(_p99(idle))
            slowest.append(max(busy))
    return {P99.name: p99, SLOWEST.name: {OURS: slowest}}


BENCHMARK = Benchmark((P99, SLOWEST), measure)
