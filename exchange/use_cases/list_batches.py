"""The list of batch requests."""

from exchange.contract.base import to_optional_time, to_time
from exchange.contract.batches import BatchEnhancementRequestList, BatchEnhancementRequestSummary, BatchListQuery
from exchange.domain.batch import Batch
from exchange.domain.callers import User
from exchange.domain.counts import count_references
from exchange.domain.listing import BatchFilter, make_continuation, parse_continuation, to_microseconds
from exchange.ports import Services


async def list_batches(query: BatchListQuery, user: User, services: Services) -> BatchEnhancementRequestList:
    """Return a page of the user's batch requests, newest first. Operators see those of all requestors.

    Raises InputRejected if the continuation belongs to another list.
    """
    batch_filter = _make_filter(query, user)
    after = None if query.continuation is None else parse_continuation(query.continuation, batch_filter)
    page = await services.batches.list_page(batch_filter, query.limit, after)
    return BatchEnhancementRequestList(
        batch_requests=[_summarize(batch) for batch in page.batches],
        continuation=None if page.next_after is None else make_continuation(page.next_after, batch_filter),
    )


def _make_filter(query: BatchListQuery, user: User) -> BatchFilter:
    return BatchFilter(
        requestor=None if user.is_operator else user.id,
        statuses=tuple(query.status or ()),
        robot_id=query.robot_id,
        source=query.source,
        created_after=None if query.created_after is None else to_microseconds(query.created_after),
        created_before=None if query.created_before is None else to_microseconds(query.created_before),
        metadata=query.metadata or {},
    )


def _summarize(batch: Batch) -> BatchEnhancementRequestSummary:
    return BatchEnhancementRequestSummary(
        id=batch.id,
        robot_id=batch.robot_id,
        source=batch.source,
        request_status=batch.status,
        error=batch.error,
        error_code=batch.error_code,
        counts=count_references(batch),
        references=batch.reference_count,
        created_at=to_time(batch.created_at),
        ended_at=to_optional_time(batch.ended_at),
        retried_as=batch.retried_as,
        metadata=batch.metadata,
    )
