"""Many batches at once: against one large one, beside a huge one, and under other concurrency in host.json."""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path

from benchmarks import results
from benchmarks.inputs import ROOT, ResultMaker, ids
from benchmarks.requests import Requests, running_requests
from benchmarks.status_reads import until
from exchange.domain.events import CallbackSucceeded
from exchange.use_cases.advance import advance

_BATCHES, _SIZE = 50, 500
_HUGE = 100_000
_SMALL = 50
_ROUNDS = 2
MOST_TIMES_ALONE = 3.0

# How many messages, of each queue, and how many blobs are worked on at once.
_CONCURRENCY = ((1, 1), (4, 2), (8, 4), (16, 8))
# Under each: so many batches of these many references.
_FEWER, _FEWER_REFERENCES = 20, 5_000
_WHY_SLOWER = (
    f"The ids of a batch of {_SIZE} lie in some 220 of the 256 buckets, and each of those takes a query and a request"
    " of its own, full or not."
)
# Fifty that look often would be a load of their own.
_LOOK_AGAIN_S = 1.0


async def _one(requests: Requests) -> float:
    begun = time.perf_counter()
    await requests.take(requests.known)
    return len(requests.known) / (time.perf_counter() - begun)


async def _in_flight(requests: Requests, batches: int = _BATCHES) -> float:
    """Have all batches in flight at once; return references a second until the last has ended."""
    known = cycle(requests.known[start : start + _SIZE] for start in range(0, len(requests.known), _SIZE))
    begun = time.perf_counter()
    await asyncio.gather(*(requests.take(some, _LOOK_AGAIN_S) for some in islice(known, batches)))
    return batches * _SIZE / (time.perf_counter() - begun)


async def _small(requests: Requests) -> float:
    begun = time.perf_counter()
    await requests.take(requests.known[:_SMALL])
    return time.perf_counter() - begun


async def _beside_a_huge_one(requests: Requests) -> list[float]:
    """Take small batches, one after the other, while a huge one imports; return how long each took."""
    site = requests.site
    known = ids(_HUGE, seed=1)
    batch = await site.taken_batch((await site.robot()).id, known)
    await site.upload(batch, ResultMaker(site.folder).file(known))
    await until(site, batch.id, lambda batch: batch.validation is not None)
    await advance(batch.id, CallbackSucceeded(await site.services.results.current_upload(batch.id)), site.services)
    await until(site, batch.id, lambda batch: batch.import_started)
    over = asyncio.create_task(until(site, batch.id, lambda batch: batch.ended))
    took = [await _small(requests)]
    while not over.done():
        took.append(await _small(requests))
    await over
    # The last one may have ended alone.
    return took[:-1] or took


@asynccontextmanager
async def _with_concurrency(calls: int, blobs: int, data: Path) -> AsyncIterator[Requests]:
    content = json.loads((ROOT / "host.json").read_text())
    content["extensions"]["serviceBus"]["maxConcurrentCalls"] = calls
    content["extensions"]["blobs"]["maxDegreeOfParallelism"] = blobs
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        async with running_requests(_FEWER_REFERENCES, data, "--host-json", file.name) as requests:
            yield requests


async def _throughput(requests: Requests) -> str:
    """Measure both, in turns."""
    one, fifty = [], []
    for _ in range(_ROUNDS):
        one.append(await _one(requests))
        fifty.append(await _in_flight(requests))
    figures = [statistics.median(one), statistics.median(fifty)]
    return "\n".join(
        [
            "| | references/s |",
            "|---|---|",
            f"| one batch of {_BATCHES * _SIZE:,} | {figures[0]:,.0f} |",
            f"| {_BATCHES} batches of {_SIZE}, all in flight | {figures[1]:,.0f} |",
            "",
            f"Many at once have {figures[1] / figures[0]:.2f} of the throughput of one (medians of {_ROUNDS} rounds). "
            + _WHY_SLOWER,
        ]
    )


async def _fairness(requests: Requests) -> str:
    await _small(requests)
    alone = statistics.median([await _small(requests) for _ in range(5)])
    beside = await _beside_a_huge_one(requests)
    usual = statistics.median(beside)
    verdict = "holds" if usual <= MOST_TIMES_ALONE * alone else "MISSED"
    return (
        f"A batch of {_SMALL} that arrives while one of {_HUGE:,} is imported ends within {usual:.2f} s (median of"
        f" {len(beside)}; the longest {max(beside):.2f} s), alone within {alone:.2f} s: {usual / alone:.2f} times, and"
        f" {MOST_TIMES_ALONE:g} are allowed: {verdict}."
    )


async def _concurrency(data: Path) -> str:
    lines = ["| messages at once | blobs at once | references/s | small batch beside huge, s |", "|---|---|---|---|"]
    for calls, blobs in _CONCURRENCY:
        async with _with_concurrency(calls, blobs, data) as requests:
            flying = statistics.median([await _in_flight(requests, _FEWER) for _ in range(2)])
            beside = statistics.median(await _beside_a_huge_one(requests))
        lines.append(f"| {calls} | {blobs} | {flying:,.0f} | {beside:.2f} |")
        print(lines[-1])
    return "\n".join(lines)


async def run(data: Path) -> None:
    """Measure it all and write the section."""
    async with running_requests(_BATCHES * _SIZE, data) as requests:
        throughput = await _throughput(requests)
        fairness = await _fairness(requests)
    concurrency = await _concurrency(data)
    how = f"With other concurrency in host.json, {_FEWER} batches of {_SIZE} in flight:"
    results.write_section("Many at once", f"{throughput}\n\n{fairness}\n\n{how}\n\n{concurrency}")
