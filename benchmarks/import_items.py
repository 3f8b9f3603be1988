"""The import step: accepted entries into Cosmos DB, progress recorded, report written."""

import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from benchmarks.figures import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, ids
from benchmarks.site import FULL_BATCH, Item, Site, each_at_once
from exchange.adapters.cosmos.documents import enhancement_to_item
from exchange.domain.batch import Batch
from exchange.domain.entries import EntryValidator
from exchange.domain.events import CallbackSucceeded
from exchange.domain.ids import new_id
from exchange.domain.manifest import Manifest
from exchange.domain.chunks import AcceptedEntries
from exchange.use_cases.advance import advance
from exchange.use_cases.import_results import import_results
from exchange.use_cases.validate_upload import validate_upload

RATE = Goal(
    name="import, Cosmos server",
    unit="items/s",
    naive=Bound(20, floor=8),
    limit=Bound(0.6, floor=0.3),
    why=(
        "The limit itself is 21 to 26 times the naive way here, so 20 times it would be nearly the limit. Most of"
        " our time is what the SDK does for a request and for JSON, in one thread, which the limit spends as "
        "well; the rest reads the accepted entries and writes the report. What would help: JSON that the SDK "
        "takes as it lies in the blob."
    ),
)
_WHY_CPU = (
    "Each entry is read from the blob and written as JSON by the SDK, and its report is written: a floor for "
    "both. What would help: the same as for the rate."
)
REQUESTS = Goal(name="import: requests per 1,000 entries", unit="requests", ours=Bound(35, at_most=True), costs=True)
CPU = Goal(name="import: client CPU per 1,000 entries", unit="s", naive=Bound(15, floor=10), costs=True, why=_WHY_CPU)

# What fills a window: the requests of a smaller batch are as many, and emptier.
_ENTRIES = 25_000
_REQUESTS_ENTRIES = 10_000
_IN_FLIGHT = 16
# As many as ours has.
_LIMIT_IN_FLIGHT = 8


@dataclass(frozen=True, slots=True)
class Spent:
    """What a way of importing took: items a second, client CPU and requests per 1,000 items."""

    rate: float
    cpu_s: float
    requests: float


async def reported_batch(site: Site, known: Sequence[UUID], result: bytes) -> Batch:
    """Make a batch whose result is validated and reported: its import is due."""
    batch = await site.taken_batch((await site.robot()).id, known)
    await site.upload(batch, result)
    await validate_upload(batch.id, site.services)
    current_upload = await site.services.results.current_upload(batch.id)
    return (await advance(batch.id, CallbackSucceeded(current_upload), site.services)).batch


def items_of(known: Sequence[UUID], result: bytes) -> Iterator[Item]:
    """Yield the items that the import of this result would write."""
    checked = EntryValidator(Manifest(known), 1 << 20).validate(result.split(b"\n"))
    entries = AcceptedEntries(new_id())
    for line in bytes(checked.accepted).splitlines():
        entries.append(line)
    for entry in entries:
        yield enhancement_to_item(entry.reference_id, entry.enhancement)


async def _spent(site: Site, work: Awaitable[None], items: int) -> Spent:
    await site.requests()
    begun, cpu = time.perf_counter(), time.process_time()
    await work
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return Spent(items / seconds, 1_000 * cpu / items, 1_000 * await site.requests() / items)


async def ours(site: Site, known: Sequence[UUID], result: bytes) -> Spent:
    """Import by our step."""
    batch = await reported_batch(site, known, result)
    assert batch.validation is not None  # noqa: S101 - it was just validated
    return await _spent(site, import_results(batch.id, site.services), batch.validation.accepted)


async def _naive(site: Site, items: Sequence[Item]) -> Spent:
    """Create one item after the other, some in flight."""
    create = site.references.create_item
    return await _spent(site, each_at_once(_IN_FLIGHT, create, items), len(items))


async def _limit(site: Site, items: Sequence[Item]) -> Spent:
    """Send the same items in full batches: to partitions chosen so that each is full, made before the clock runs."""
    full = [
        [{**item, "bucket": f"full {start}"} for item in items[start : start + FULL_BATCH]]
        for start in range(0, len(items), FULL_BATCH)
    ]
    return await _spent(site, each_at_once(_LIMIT_IN_FLIGHT, site.write, full), len(items))


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Import a batch; the naive way a part of its items. Requests are counted of a batch of 10,000 entries."""
    maker = ResultMaker(site.folder)
    few = effort.size(300, 1_000)
    spent: dict[str, list[Spent]] = {OURS: [], NAIVE: [], LIMIT: []}
    for _ in range(effort.rounds):
        known = ids(_ENTRIES, seed=uuid4().int)
        result = maker.file(known)
        items = list(items_of(known, result))
        spent[OURS].append(await ours(site, known, result))
        spent[NAIVE].append(await _naive(site, items[:few]))
        spent[LIMIT].append(await _limit(site, items))
    known = ids(_REQUESTS_ENTRIES, seed=uuid4().int)
    smaller = await ours(site, known, maker.file(known))
    return {
        RATE.name: {way: [one.rate for one in some] for way, some in spent.items()},
        REQUESTS.name: {OURS: [smaller.requests], NAIVE: [one.requests for one in spent[NAIVE]]},
        CPU.name: {way: [one.cpu_s for one in some] for way, some in spent.items()},
    }


BENCHMARK = Benchmark((RATE, REQUESTS, CPU), measure)
