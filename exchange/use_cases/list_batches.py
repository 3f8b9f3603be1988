"""The list of batch requests."""

from datetime import UTC, datetime

from exchange.contract.batches import BatchEnhancementRequestList, BatchEnhancementRequestSummary, BatchListQuery
from exchange.domain.batch import Batch
from exchange.domain.callers import User
from exchange.ports import BatchFilter, Services

_PAGE_SIZE = 50


async def list_batches(query: BatchListQuery, user: User, services: Services) -> BatchEnhancementRequestList:
    """Return a page of the user's batch requests, newest first. Operators see those of all requestors."""
    batch_filter = BatchFilter(None if user.is_operator else user.id, query.status)
    page = await services.batches.list_page(batch_filter, _PAGE_SIZE, query.continuation)
    return BatchEnhancementRequestList(
        batch_requests=[_summarize(batch) for batch in page.batches], continuation=page.continuation
    )


def _summarize(batch: Batch) -> BatchEnhancementRequestSummary:
    return BatchEnhancementRequestSummary(
        id=batch.id,
        robot_id=batch.robot_id,
        source=batch.source,
        request_status=batch.status,
        error=batch.error,
        references=batch.reference_count,
        created_at=datetime.fromtimestamp(batch.created_at, UTC),
        metadata=batch.metadata,
    )
