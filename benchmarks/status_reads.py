"""The time to read the status of a batch while the same process validates and imports other batches."""

import asyncio
import statistics
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import aiohttp

from benchmarks.goals import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, make_ids
from benchmarks.site import Site, running_site
from exchange.domain.batch import Batch

P99 = Goal(
    name="status reads under load: p99",
    unit="s",
    limit=Bound(5, at_most=True, floor=80),
    lower_is_better=True,
    explanation=(
        "Azurite and the Cosmos DB server, with one thread each, run on the same two cores and are busy with the same "
        "work. Reading a blob's properties takes 50 to 77 ms meanwhile (p90, p99). The host serves `/openapi.json`, "
        "which needs neither of them, within 20 ms during a validation and 73 ms during an import. More cores would "
        "help."
    ),
)
SLOWEST = Goal(name="status reads under load: slowest", unit="s", ours=Bound(1, at_most=True), lower_is_better=True)

_VALIDATED_ENTRIES = 100_000
_IMPORTED_ENTRIES = 40_000
_IDLE_READS = 200
# Between two reads, so that the reads themselves are not a load.
_PAUSE_S = 0.01
POLL_S = 0.25
_TIMEOUT_S = 900.0


class Reader:
    """Reads the status of one batch over HTTP."""

    def __init__(self, site: Site, session: aiohttp.ClientSession, batch: Batch) -> None:
        self._session = session
        self._url = f"{site.stack.api}/references/enhancement/batch/{batch.id}"
        self._headers = {"Authorization": f"Bearer {site.stack.tokens['operator']}"}

    async def read_while(self, condition: Callable[[int], bool]) -> list[float]:
        """Read in sequence while the condition holds for the number of reads. Return the seconds of each read."""
        seconds: list[float] = []
        while condition(len(seconds)):
            started = time.perf_counter()
            async with self._session.get(self._url, headers=self._headers) as response:
                await response.read()
                response.raise_for_status()
            seconds.append(time.perf_counter() - started)
            await asyncio.sleep(_PAUSE_S)
        return seconds


async def wait_until(
    site: Site,
    batch_id: UUID,
    condition: Callable[[Batch], bool],
    poll_s: float = POLL_S,
    timeout_s: float = _TIMEOUT_S,
) -> Batch:
    """Wait until the condition holds for the batch, and return the batch. Raises TimeoutError."""
    async with asyncio.timeout(timeout_s):
        while not condition(batch := (await site.services.batches.load(batch_id)).batch):  # noqa: ASYNC110 - no event
            await asyncio.sleep(poll_s)
    return batch


async def _upload_batch(site: Site, small: Batch, count: int) -> Batch:
    reference_ids = make_ids(count, seed=uuid4().int)
    batch = await site.make_accepted_batch(small.robot_id, reference_ids)
    await site.upload_result(batch, ResultMaker(site.folder).make_file(reference_ids))
    return batch


async def _measure_round(site: Site, small: Batch) -> tuple[list[float], list[float]]:
    """Measure reads on an idle host, and while one batch is validated and another imported."""
    imported = await _upload_batch(site, small, _IMPORTED_ENTRIES)
    await wait_until(site, imported.id, lambda batch: batch.validation is not None)
    async with aiohttp.ClientSession() as session:
        reader = Reader(site, session, small)
        idle = await reader.read_while(lambda reads: reads < _IDLE_READS)
        validated = await _upload_batch(site, small, _VALIDATED_ENTRIES)
        await site.call_back(imported.id)
        work = asyncio.gather(
            wait_until(site, validated.id, lambda batch: batch.validation is not None),
            wait_until(site, imported.id, lambda batch: batch.ended),
        )
        busy = await reader.read_while(lambda _: not work.done())
        await work
    return idle, busy


def _compute_p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[-1]


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure on a separate stack, with the function app."""
    p99: dict[str, list[float]] = {OURS: [], LIMIT: []}
    slowest: list[float] = []
    async with running_site(folder=site.folder) as running:
        small = await running.make_accepted_batch((await running.register_robot()).id, make_ids(10))
        for _ in range(effort.choose(1, 3)):
            idle, busy = await _measure_round(running, small)
            p99[OURS].append(_compute_p99(busy))
            p99[LIMIT].append(_compute_p99(idle))
            slowest.append(max(busy))
    return {P99.name: p99, SLOWEST.name: {OURS: slowest}}


BENCHMARK = Benchmark((P99, SLOWEST), measure)
