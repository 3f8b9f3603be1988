"""Many concurrent batches: compared with one large batch, during a huge import, and with other limits in host.json."""

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
from benchmarks.inputs import ROOT, ResultMaker, make_ids
from benchmarks.requests import Requests, running_requests
from benchmarks.status_reads import wait_until

_BATCHES, _SIZE = 50, 500
_HUGE = 100_000
_SMALL = 50
_ROUNDS = 2
MAX_SLOWDOWN = 3.0

# Limits of concurrent messages of each queue, and of concurrent blobs.
_CONCURRENCY = ((1, 1), (4, 2), (8, 4), (16, 8))
# The number of batches with each of these limits, and the number of references that they use.
_FEWER, _FEWER_REFERENCES = 20, 5_000
_EXPLANATION = (
    f"The ids of a batch of {_SIZE} are in about 220 of the 256 buckets, and each bucket takes its own"
    " transaction, however few entries it has."
)
# Frequent polls of fifty batches would be a load themselves.
_POLL_S = 1.0


async def _measure_one_batch(requests: Requests) -> float:
    started = time.perf_counter()
    await requests.run_batch(requests.reference_ids)
    return len(requests.reference_ids) / (time.perf_counter() - started)


async def _measure_many_batches(requests: Requests, batches: int = _BATCHES) -> float:
    """Run the batches concurrently. Return the references per second until the last one has ended."""
    parts = cycle(
        requests.reference_ids[start : start + _SIZE] for start in range(0, len(requests.reference_ids), _SIZE)
    )
    started = time.perf_counter()
    await asyncio.gather(*(requests.run_batch(part, _POLL_S) for part in islice(parts, batches)))
    return batches * _SIZE / (time.perf_counter() - started)


async def _measure_small_batch(requests: Requests) -> float:
    started = time.perf_counter()
    await requests.run_batch(requests.reference_ids[:_SMALL])
    return time.perf_counter() - started


async def _measure_during_huge_import(requests: Requests) -> list[float]:
    """Run small batches in sequence while a huge batch is imported. Return the seconds of each."""
    site = requests.site
    reference_ids = make_ids(_HUGE, seed=1)
    batch = await site.make_accepted_batch((await site.register_robot()).id, reference_ids)
    await site.upload_result(batch, ResultMaker(site.folder).make_file(reference_ids))
    await wait_until(site, batch.id, lambda batch: batch.validation is not None)
    await site.call_back(batch.id)
    await wait_until(site, batch.id, lambda batch: batch.import_started)
    huge_import = asyncio.create_task(wait_until(site, batch.id, lambda batch: batch.ended))
    seconds = [await _measure_small_batch(requests)]
    while not huge_import.done():
        seconds.append(await _measure_small_batch(requests))
    await huge_import
    # The last batch may have run after the import ended.
    return seconds[:-1] or seconds


@asynccontextmanager
async def _running_with_limits(calls: int, blobs: int, data: Path) -> AsyncIterator[Requests]:
    content = json.loads((ROOT / "host.json").read_text())
    content["extensions"]["serviceBus"]["maxConcurrentCalls"] = calls
    content["extensions"]["blobs"]["maxDegreeOfParallelism"] = blobs
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        async with running_requests(_FEWER_REFERENCES, data, "--host-json", file.name) as requests:
            yield requests


async def _describe_throughput(requests: Requests) -> str:
    """Measure one large batch and many small batches alternately."""
    one_batch, many_batches = [], []
    for _ in range(_ROUNDS):
        one_batch.append(await _measure_one_batch(requests))
        many_batches.append(await _measure_many_batches(requests))
    figures = [statistics.median(one_batch), statistics.median(many_batches)]
    return "\n".join(
        [
            "| batches | references/s |",
            "|---|---|",
            f"| one batch of {_BATCHES * _SIZE:,} | {figures[0]:,.0f} |",
            f"| {_BATCHES} concurrent batches of {_SIZE} | {figures[1]:,.0f} |",
            "",
            f"Many batches have {figures[1] / figures[0]:.2f} times the throughput of one (medians of {_ROUNDS}).",
            _EXPLANATION,
        ]
    )


async def _describe_fairness(requests: Requests) -> str:
    await _measure_small_batch(requests)
    alone = statistics.median([await _measure_small_batch(requests) for _ in range(5)])
    during_import = await _measure_during_huge_import(requests)
    usual = statistics.median(during_import)
    result = "goal reached" if usual <= MAX_SLOWDOWN * alone else "GOAL MISSED"
    return (
        f"A batch of {_SMALL} that is requested while a batch of {_HUGE:,} is imported ends within {usual:.2f} s"
        f" (median of {len(during_import)}, maximum {max(during_import):.2f} s). On an idle stack it ends within"
        f" {alone:.2f} s. The ratio is {usual / alone:.2f}, the goal is <= {MAX_SLOWDOWN:g}: {result}."
    )


async def _describe_limits(data: Path) -> str:
    lines = [
        "| concurrent messages | concurrent blobs | references/s | small batch during a huge import, s |",
        "|---|---|---|---|",
    ]
    for calls, blobs in _CONCURRENCY:
        async with _running_with_limits(calls, blobs, data) as requests:
            rate = statistics.median([await _measure_many_batches(requests, _FEWER) for _ in range(2)])
            small = statistics.median(await _measure_during_huge_import(requests))
        lines.append(f"| {calls} | {blobs} | {rate:,.0f} | {small:.2f} |")
        print(lines[-1])
    return "\n".join(lines)


async def run(data: Path) -> None:
    """Measure everything and write the section."""
    async with running_requests(_BATCHES * _SIZE, data) as requests:
        throughput = await _describe_throughput(requests)
        fairness = await _describe_fairness(requests)
    limits = await _describe_limits(data)
    heading = f"With other limits in host.json, for {_FEWER} concurrent batches of {_SIZE}:"
    results.write_section("Many concurrent batches", f"{throughput}\n\n{fairness}\n\n{heading}\n\n{limits}")
