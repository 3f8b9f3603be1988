"""Registration of a batch with the maximum number of references."""

from collections.abc import Iterator
from uuid import UUID

from benchmarks.goals import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import make_ids
from benchmarks.site import Item, Site, apply_concurrently
from exchange.contract.batches import MAX_REFERENCES, BatchEnhancementRequestIn
from exchange.domain.callers import Role, User
from exchange.domain.ids import bucket_of
from exchange.use_cases.register_batch import register_batch

GOAL = Goal(name="register 100,000 ids: requests", unit="requests", ours=Bound(300, at_most=True), lower_is_better=True)

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
    await site.count_requests()
    await register_batch(request, User("benchmark", frozenset({Role.REQUESTOR})), site.services)
    ours = await site.count_requests()

    async def read(reference_id: UUID) -> None:
        await site.references.read_item(str(reference_id), partition_key=bucket_of(reference_id))

    await apply_concurrently(_MAX_CONCURRENT, read, reference_ids[:_READ_COUNT])
    naive = await site.count_requests() * MAX_REFERENCES // _READ_COUNT
    return {GOAL.name: {OURS: [float(ours)], NAIVE: [float(naive)]}}


BENCHMARK = Benchmark((GOAL,), measure)
