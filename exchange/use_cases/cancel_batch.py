"""The cancellation of a batch request."""

from exchange.contract.batches import BatchCancellationIn, BatchEnhancementRequestRead
from exchange.domain import events
from exchange.domain.callers import User, check_is_request, check_may_see
from exchange.domain.report import to_one_line
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import advance
from exchange.use_cases.read_batch import describe_batch


@batch_operation("cancel")
async def cancel_batch(
    stored: StoredBatch, cancellation: BatchCancellationIn, user: User, services: Services
) -> BatchEnhancementRequestRead:
    """End the batch, or let its import end after the chunk in progress. Idempotent.

    Raises NotFound, Forbidden, and Conflict if the batch ended without a cancellation.
    """
    check_may_see(user, stored.batch)
    check_is_request(stored.batch)
    reason = to_one_line(cancellation.reason) if cancellation.reason else None
    cancelled = await advance(stored, events.CancelRequested(reason or None), services)
    return await describe_batch(cancelled.batch, user, services)
