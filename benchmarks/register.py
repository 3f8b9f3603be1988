"""Registration of a batch with the maximum number of references, and the reads of a small batch."""

from collections.abc import Iterator
from uuid import UUID

from benchmarks.goals import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import make_ids
from benchmarks.site import Item, Site, apply_concurrently
from exchange.contract.batches import MAX_REFERENCES, BatchEnhancementRequestIn
from exchange.domain.callers import Role, User
from exchange.domain.ids import bucket_of, new_id
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.write_snapshot import write_snapshot

GOAL = Goal(name="register 100,000 ids: requests", unit="requests", ours=Bound(300, at_most=True), lower_is_better=True)
SMALL_GOAL = Goal(
    name="register and snapshot of 500: read requests",
    unit="requests",
    ours=Bound(12, at_most=True),
    lower_is_better=True,
)
_SMALL = 500

_MAX_CONCURRENT = 16
# The naive implementation reads each id. A part of the ids is enough to compute the total.
_READ_COUNT = 500


def _make_items(reference_ids: list[UUID]) -> Iterator[Item]:
    """Yield the items of references without enhancements."""
    for reference_id in reference_ids:
        fields = {"id": str(reference_id), "reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
        yield {**fields, "kind": "reference", "visibility": "public"}


async def measure(site: Site, _effort: Effort) -> dict[str, Rounds]:
    """Count the requests once, because their number does not vary."""
    reference_ids = make_ids(MAX_REFERENCES)
    await site.upsert(_make_items(reference_ids))
    request = BatchEnhancementRequestIn(
        robot_id=(await site.register_robot()).id, reference_ids=reference_ids, source=None
    )
    user = User("benchmark", frozenset({Role.REQUESTOR}))
    await site.count_requests()
    await register_batch(request, user, site.services)
    ours = await site.count_requests()
    small = await _count_reads_of_small_batch(
        site, request.model_copy(update={"reference_ids": reference_ids[:_SMALL]}), user
    )

    async def read(reference_id: UUID) -> None:
        await site.references.read_item(str(reference_id), partition_key=bucket_of(reference_id))

    await apply_concurrently(_MAX_CONCURRENT, read, reference_ids[:_READ_COUNT])
    naive = await site.count_requests() * MAX_REFERENCES // _READ_COUNT
    return {
        GOAL.name: {OURS: [float(ours)], NAIVE: [float(naive)]},
        SMALL_GOAL.name: {OURS: [float(small)], NAIVE: [float(naive * 2 * _SMALL // MAX_REFERENCES)]},
    }


async def _count_reads_of_small_batch(site: Site, request: BatchEnhancementRequestIn, user: User) -> int:
    await site.count_requests()
    registered = await register_batch(request, user, site.services)
    batch = (await site.services.batches.load(registered.id)).batch
    await write_snapshot(batch, new_id(), site.services)
    return await site.count_requests("read", "query")


BENCHMARK = Benchmark((GOAL, SMALL_GOAL), measure)
