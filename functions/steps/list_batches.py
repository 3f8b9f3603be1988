"""A requestor looks over the batches that were asked for."""

from datetime import UTC, datetime

from functions.contract.batches import BatchEnhancementRequestList, BatchEnhancementRequestSummary, BatchListQuery
from functions.domain.batch import Batch
from functions.domain.callers import Member
from functions.ports import Services, Wanted

_PAGE = 50


async def list_batches(query: BatchListQuery, caller: Member, services: Services) -> BatchEnhancementRequestList:
    """Return a page of the caller's batches, or of everyone's for an operator, the newest first."""
    wanted = Wanted(None if caller.operates else caller.id, query.status)
    page = await services.batches.page(wanted, _PAGE, query.continuation)
    return BatchEnhancementRequestList(
        batch_requests=[_summary(batch) for batch in page.batches], continuation=page.after
    )


def _summary(batch: Batch) -> BatchEnhancementRequestSummary:
    return BatchEnhancementRequestSummary(
        id=batch.id,
        robot_id=batch.robot_id,
        source=batch.source,
        request_status=batch.status,
        error=batch.error,
        references=batch.references,
        created_at=datetime.fromtimestamp(batch.created_at, UTC),
    )
