"""The import of a result: it writes accepted entries to Cosmos DB, records progress, and writes the report."""

import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from benchmarks.goals import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, make_ids
from benchmarks.site import TRANSACTION_OPERATIONS, Item, Site, apply_concurrently
from exchange.adapters.cosmos.documents import enhancement_to_item
from exchange.domain.batch import Batch
from exchange.domain.chunks import AcceptedEntries
from exchange.domain.entries import EntryValidator
from exchange.domain.ids import new_id
from exchange.domain.manifest import Manifest
from exchange.domain.origin import Origin
from exchange.use_cases.import_results import import_results
from exchange.use_cases.validate_upload import validate_upload

RATE = Goal(
    name="import (Cosmos DB server)",
    unit="items/s",
    naive=Bound(20, floor=8),
    limit=Bound(0.6, floor=0.3),
    explanation=(
        "The limit is only 21 to 26 times the naive implementation here, so 20 times would be nearly the limit. Most of"
        " the time is spent by the SDK on requests and JSON in one thread, which the limit needs too. The rest is for"
        " reading the accepted entries and writing the report. It would help if the SDK accepted the JSON of the blob."
    ),
)
_CPU_EXPLANATION = (
    "For each entry the blob is read, the SDK writes JSON, and a line of the report is written. What would help the"
    " rate would help here too."
)
REQUESTS = Goal(
    name="import: requests per 1,000 entries", unit="requests", ours=Bound(35, at_most=True), lower_is_better=True
)
CPU = Goal(
    name="import: client CPU per 1,000 entries",
    unit="s",
    naive=Bound(15, floor=8),
    lower_is_better=True,
    explanation=_CPU_EXPLANATION,
)

# A full chunk. A smaller batch needs as many requests, with fewer entries each.
_ENTRIES = 25_000
_REQUESTS_ENTRIES = 10_000
_MAX_CONCURRENT = 16
# As many as the import has.
_LIMIT_MAX_CONCURRENT = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an import: items per second, and client CPU seconds and requests per 1,000 items."""

    rate: float
    cpu_s: float
    requests: float


async def _make_delivered_batch(site: Site, reference_ids: Sequence[UUID], result: bytes) -> Batch:
    """Make a batch with a delivered and validated result. Its import is due."""
    batch = await site.make_accepted_batch((await site.register_robot()).id, reference_ids)
    await site.upload_result(batch, result)
    await validate_upload(batch.id, site.services)
    return await site.call_back(batch.id)


def _make_items(reference_ids: Sequence[UUID], result: bytes) -> Iterator[Item]:
    """Yield the items that the import of this result writes."""
    validator = EntryValidator(Manifest(reference_ids), Origin(new_id(), new_id(), 0.0), 1 << 20)
    validated = validator.validate(result.split(b"\n"))
    entries = AcceptedEntries()
    for line in bytes(validated.accepted).splitlines():
        entries.append(line)
    for entry in entries:
        yield enhancement_to_item(entry.reference_id, entry.enhancement, entry.size)


async def _measure_cost(site: Site, work: Awaitable[None], items: int) -> Cost:
    await site.count_requests()
    started, cpu = time.perf_counter(), time.process_time()
    await work
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Cost(items / seconds, 1_000 * cpu / items, 1_000 * await site.count_requests() / items)


async def _run_ours(site: Site, reference_ids: Sequence[UUID], result: bytes) -> Cost:
    """Import with our use case."""
    batch = await _make_delivered_batch(site, reference_ids, result)
    assert batch.validation is not None  # noqa: S101 - it was just validated
    return await _measure_cost(site, import_results(batch.id, site.services), batch.validation.accepted)


async def _run_naive(site: Site, items: Sequence[Item]) -> Cost:
    """Create each item with a request of its own, several concurrently."""
    create = site.references.create_item
    return await _measure_cost(site, apply_concurrently(_MAX_CONCURRENT, create, items), len(items))


async def _run_limit(site: Site, items: Sequence[Item]) -> Cost:
    """Write the same items in full transactions, each to its own partition. They are made before the measurement."""
    full = [
        [{**item, "bucket": f"full {start}"} for item in items[start : start + TRANSACTION_OPERATIONS]]
        for start in range(0, len(items), TRANSACTION_OPERATIONS)
    ]
    return await _measure_cost(
        site, apply_concurrently(_LIMIT_MAX_CONCURRENT, site.write_transaction, full), len(items)
    )


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Import a batch. The naive implementation gets some of its items. Requests are counted for 10,000 entries."""
    maker = ResultMaker(site.folder)
    few = effort.choose(300, 1_000)
    costs: dict[str, list[Cost]] = {OURS: [], NAIVE: [], LIMIT: []}
    for _ in range(effort.rounds):
        reference_ids = make_ids(_ENTRIES, seed=uuid4().int)
        result = maker.make_file(reference_ids)
        items = list(_make_items(reference_ids, result))
        costs[OURS].append(await _run_ours(site, reference_ids, result))
        costs[NAIVE].append(await _run_naive(site, items[:few]))
        costs[LIMIT].append(await _run_limit(site, items))
    reference_ids = make_ids(_REQUESTS_ENTRIES, seed=uuid4().int)
    smaller = await _run_ours(site, reference_ids, maker.make_file(reference_ids))
    return {
        RATE.name: {name: [cost.rate for cost in some] for name, some in costs.items()},
        REQUESTS.name: {OURS: [smaller.requests], NAIVE: [cost.requests for cost in costs[NAIVE]]},
        CPU.name: {name: [cost.cpu_s for cost in some] for name, some in costs.items()},
    }


BENCHMARK = Benchmark((RATE, REQUESTS, CPU), measure)
