"""Phase `received`: the robot is called, and called again, until it is settled whether it has the batch."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch, Upload
from exchange.domain.durations import format_duration
from exchange.domain.ids import derive_id
from exchange.domain.limits import Deadlines
from exchange.domain.messages import DispatchMessage
from exchange.domain.transitions.transition import RobotFailure, Transition, end

_CONFLICT = 409
# The clock of the queue may be this far ahead of ours.
CLOCK_SKEW_S = 5.0


def confirm(batch: Batch, _event: events.Confirmed, _now: float, _deadlines: Deadlines) -> Transition:
    """Keep the batch: it can no longer be withdrawn."""
    return Transition(replace(batch, unconfirmed=False) if batch.unconfirmed else batch)


def start_call(batch: Batch, event: events.CallStarted, now: float, deadlines: Deadlines) -> Transition:
    """Claim the call: no other dispatcher calls before its timeout. Ignored if early, or if a call is running."""
    in_flight = batch.call_until is not None and now < batch.call_until
    if event.attempt != batch.attempt or is_early(batch, now) or in_flight:
        return Transition(batch)
    return Transition(
        replace(
            batch,
            calls_started=batch.calls_started + 1,
            first_call_at=batch.first_call_at or now,
            # Twice the timeout, because the work between the claim and the call takes time too.
            call_until=now + 2 * deadlines.robot_call_timeout_s,
            snapshot=batch.snapshot or event.snapshot,
        )
    )


def is_early(batch: Batch, now: float) -> bool:
    """Return whether the next attempt is not due yet."""
    return now < batch.attempt_due_at - CLOCK_SKEW_S


def mark_accepted(batch: Batch, now: float, upload: Upload | None = None) -> Batch:
    """Return the batch as accepted by the robot."""
    return replace(batch, status=BatchStatus.ACCEPTED, accepted_at=now, upload=upload, resent_at=None)


def accept(batch: Batch, _event: events.RobotAccepted, now: float, _deadlines: Deadlines) -> Transition:
    """Accept the batch: the robot has it."""
    return Transition(mark_accepted(batch, now))


def reject(batch: Batch, event: events.RobotRejected, now: float, _deadlines: Deadlines) -> Transition:
    """End as `rejected`. Accept instead if an upload exists, or if the robot answers 409 to a repeated call."""
    superseded = event.call != batch.calls_started
    already_has_it = event.http_status == _CONFLICT and (event.call > 1 or superseded)
    if event.upload is not None or already_has_it:
        return Transition(mark_accepted(batch, now, event.upload))
    if superseded:
        # The call that is running now decides.
        return Transition(batch)
    error = f"The robot rejected the batch (HTTP {event.http_status}): {event.message}"
    return end(batch, BatchStatus.REJECTED, error, ErrorCode.ROBOT_REJECTED, RobotFailure.REJECTED)


def retry_call(batch: Batch, event: events.RobotUnreachable, now: float, deadlines: Deadlines) -> Transition:
    """Schedule the next attempt with exponential backoff. End as `failed` or `rejected` when the time is used up."""
    if (event.attempt, event.call) != (batch.attempt, batch.calls_started):
        # Another call of this attempt has started since, or this event is recorded already.
        return Transition(batch)
    if event.upload is not None:
        return Transition(mark_accepted(batch, now, event.upload))
    last_attempt_at = (batch.first_call_at or now) + deadlines.robot_retry_total_s
    if now >= last_attempt_at and event.refused_signature:
        error = f"The robot did not accept the last call: {event.reason}."
        return end(batch, BatchStatus.REJECTED, error, ErrorCode.ROBOT_REJECTED, RobotFailure.REJECTED)
    if now >= last_attempt_at:
        error = f"The robot could not be reached in {batch.attempt} attempts: {event.reason}"
        return end(batch, BatchStatus.FAILED, error, ErrorCode.ROBOT_UNREACHABLE, RobotFailure.UNREACHABLE)
    delay = max(_backoff(batch, deadlines), event.retry_after_s or 0.0)
    due_at = min(now + delay, last_attempt_at)
    again = replace(
        batch,
        attempt=batch.attempt + 1,
        attempt_due_at=due_at,
        call_until=None,
        unreachable_reason=event.reason.rstrip("."),
    )
    return Transition(again, DispatchMessage(batch.id, again.attempt, due_at), RobotFailure.UNREACHABLE)


def _backoff(batch: Batch, deadlines: Deadlines) -> float:
    """Double the delay with each attempt. Add up to a quarter, derived from the batch's id, so that batches spread."""
    delay = min(deadlines.robot_retry_first_delay_s * 2.0 ** (batch.attempt - 1), deadlines.robot_retry_max_delay_s)
    return delay * (1 + derive_id(batch.id, batch.attempt).int % 1000 / 4000)


def sweep(batch: Batch, event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Resend the overdue dispatch message. End as `failed` when the time limit for `received` has passed."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    if event.current_upload is not None:
        return Transition(mark_accepted(batch, now, event.current_upload))
    if now >= max(batch.known_at + deadlines.received_limit_s, batch.call_until or 0.0):
        limit = format_duration(deadlines.received_limit_s)
        error = f"The batch could not be sent to the robot within {limit}."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.ROBOT_UNREACHABLE)
    return Transition(replace(batch, resent_at=now), DispatchMessage(batch.id, batch.attempt))
