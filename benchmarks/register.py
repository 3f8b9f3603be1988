"""Registering a batch of as many references as there may be in one."""

from collections.abc import Iterator
from uuid import UUID

from benchmarks.figures import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ids
from benchmarks.site import Item, Site, each_at_once
from exchange.contract.batches import MAX_REFERENCES, BatchEnhancementRequestIn
from exchange.domain.callers import User, Role
from exchange.domain.ids import bucket_of
from exchange.use_cases.register_batch import register_batch

GOAL = Goal(name="register 100,000 ids: requests", unit="requests", ours=Bound(300, at_most=True), costs=True)

_IN_FLIGHT = 16
# One read an id: the count of these says that of all.
_READ = 500


def _bare(known: list[UUID]) -> Iterator[Item]:
    """Yield references of which nothing is known but that they exist."""
    for reference_id in known:
        own = {"id": str(reference_id), "reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
        yield {**own, "kind": "reference", "visibility": "public"}


async def measure(site: Site, _effort: Effort) -> dict[str, Rounds]:
    """Count the requests; once, as they are the same each time."""
    known = ids(MAX_REFERENCES)
    await site.upsert(_bare(known))
    order = BatchEnhancementRequestIn(robot_id=(await site.robot()).id, reference_ids=known, source=None)
    await site.requests()
    await register_batch(order, User("benchmark", frozenset({Role.REQUESTOR})), site.services)
    ours = await site.requests()

    async def read(reference_id: UUID) -> None:
        await site.references.read_item(str(reference_id), partition_key=bucket_of(reference_id))

    await each_at_once(_IN_FLIGHT, read, known[:_READ])
    naive = await site.requests() * MAX_REFERENCES // _READ
    return {GOAL.name: {OURS: [float(ours)], NAIVE: [float(naive)]}}


BENCHMARK = Benchmark((GOAL,), measure)
