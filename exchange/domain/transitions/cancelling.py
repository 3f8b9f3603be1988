"""The cancellation of a batch, by its requestor or an operator."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.errors import Conflict
from exchange.domain.limits import Deadlines
from exchange.domain.transitions.transition import Transition, end


def cancel(batch: Batch, event: events.CancelRequested, now: float, _deadlines: Deadlines) -> Transition:
    """End the batch before its import. What the robot does afterwards changes nothing."""
    cancelled = replace(batch, cancel_requested_at=now, cancel_reason=event.reason)
    error = f"The batch request was cancelled{format_reason(cancelled)}. Nothing was imported."
    return end(cancelled, BatchStatus.FAILED, error, ErrorCode.CANCELLED)


def stop_import(batch: Batch, event: events.CancelRequested, now: float, _deadlines: Deadlines) -> Transition:
    """Let the import end after the next chunk. An importer may have stored a part of that chunk, and of no later one.

    An import that has no further chunk ends as if it had not been cancelled.
    """
    if batch.cancel_requested_at is not None:
        return Transition(batch)
    last_chunk = batch.progress.chunks + 1
    return Transition(replace(batch, cancel_requested_at=now, cancel_reason=event.reason, last_chunk=last_chunk))


def repeat_cancel(batch: Batch, _event: events.CancelRequested, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated cancellation. Refuse it if the batch ended without one."""
    if batch.cancel_requested_at is None:
        raise Conflict(f"The batch request has already ended with status '{batch.status}'. It cannot be cancelled.")
    return Transition(batch)


def format_reason(batch: Batch) -> str:
    """Return the reason of the cancellation as the end of a sentence, without its full stop."""
    reason = (batch.cancel_reason or "").rstrip(". ")
    return f": {reason}" if reason else ""
