"""The parts of a batch request, as its requestor sees them."""

from uuid import UUID

from exchange.contract.base import to_optional_time, to_time
from exchange.contract.batches import BatchParts
from exchange.contract.parts import BatchPart, BatchPartList, BatchPartsQuery
from exchange.domain.batch import Batch, get_part
from exchange.domain.callers import User, check_may_see
from exchange.domain.counts import count_references
from exchange.ports import Services


async def list_parts(batch_id: UUID, query: BatchPartsQuery, user: User, services: Services) -> BatchPartList:
    """Return a page of the parts, by their numbers. A batch request that is not in parts has none.

    Raises NotFound, Forbidden.
    """
    check_may_see(user, (await services.batches.load(batch_id)).batch)
    found = await services.batches.list_parts(batch_id, query.continuation, query.limit + 1)
    parts = [to_wire(part) for part in found[: query.limit]]
    return BatchPartList(parts=parts, continuation=parts[-1].number if len(found) > query.limit else None)


def describe_parts(batch: Batch) -> BatchParts | None:
    """Return how far the batch request is worked on in parts. None if it is not in parts."""
    division = batch.division
    if division is None:
        return None
    return BatchParts(made=division.made, open=division.open_parts, left=division.count_left(batch.selected_count))


def to_wire(batch: Batch) -> BatchPart:
    """Return the wire model of a part."""
    part = get_part(batch)
    return BatchPart(
        id=batch.id,
        number=part.number,
        references=batch.reference_count,
        request_status=batch.status,
        counts=count_references(batch),
        error=batch.error,
        error_code=batch.error_code,
        returned=part.returned,
        leased_until=None if batch.lease is None else to_time(batch.lease.until),
        created_at=to_time(batch.created_at),
        accepted_at=to_optional_time(batch.accepted_at),
        delivered_at=to_optional_time(batch.delivered_at),
        ended_at=to_optional_time(batch.ended_at),
    )
