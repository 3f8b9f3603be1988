"""From `received` on: calling the robot, again and again if need be, until it is settled who has the batch."""

from dataclasses import replace

from functions.contract.batches import BatchStatus
from functions.domain import events
from functions.domain.batch import Batch, Upload
from functions.domain.ids import derived_id
from functions.domain.limits import Deadlines
from functions.domain.moves.outcome import Outcome, ended

_CONFLICT = 409
EARLY_S = 5.0


def call_begun(batch: Batch, event: events.CallBegun, now: float, deadlines: Deadlines) -> Outcome:
    """Claim the call: nobody else calls until its timeout has passed. Early, or for another attempt: nothing."""
    in_flight = batch.call_until is not None and now < batch.call_until
    if event.attempt != batch.attempt or is_early(batch, now) or in_flight:
        return Outcome(batch)
    return Outcome(
        replace(
            batch,
            calls_begun=batch.calls_begun + 1,
            first_call_at=batch.first_call_at or now,
            # Twice its timeout: what is done between the claim and the call takes its time, too.
            call_until=now + 2 * deadlines.robot_call_s,
            snapshot=batch.snapshot or event.snapshot,
        )
    )


def is_early(batch: Batch, now: float) -> bool:
    """Say whether the due attempt is still to be waited for; the queue's clock may be a little ahead of ours."""
    return now < batch.attempt_due_at - EARLY_S


def accepted(batch: Batch, now: float, upload: Upload | None = None) -> Batch:
    """Record that the robot has the batch, whichever sign of it came first."""
    return replace(batch, status=BatchStatus.ACCEPTED, accepted_at=now, upload=upload, nudged_at=None)


def robot_took(batch: Batch, _event: events.RobotTook, now: float, _deadlines: Deadlines) -> Outcome:
    """Accept."""
    return Outcome(accepted(batch, now))


def robot_refused(batch: Batch, event: events.RobotRefused, now: float, _deadlines: Deadlines) -> Outcome:
    """Reject; unless a result stands, or another call may have reached the robot and this 409 says that it did."""
    overtaken = event.call != batch.calls_begun
    has_it = event.http_status == _CONFLICT and (event.call > 1 or overtaken)
    if event.upload is not None or has_it:
        return Outcome(accepted(batch, now, event.upload))
    if overtaken:
        # The call that is under way now decides.
        return Outcome(batch)
    return ended(batch, BatchStatus.REJECTED, f"The robot refused the batch (HTTP {event.http_status}): {event.words}")


def robot_out_of_reach(batch: Batch, event: events.RobotOutOfReach, now: float, deadlines: Deadlines) -> Outcome:
    """Make the next attempt due, later each time, as long as the time for all of them lasts; then fail."""
    if (event.attempt, event.call) != (batch.attempt, batch.calls_begun):
        # Another call of this attempt has begun since, or its outcome is recorded already.
        return Outcome(batch)
    if event.upload is not None:
        return Outcome(accepted(batch, now, event.upload))
    last_try_at = (batch.first_call_at or now) + deadlines.robot_retry_all_s
    if now >= last_try_at:
        words = f"The robot could not be reached in {batch.attempt} attempts: {event.reason}"
        return ended(batch, BatchStatus.FAILED, words)
    delay = max(_backoff(batch, deadlines), event.retry_after_s or 0.0)
    due_at = min(now + delay, last_try_at)
    again = replace(batch, attempt=batch.attempt + 1, attempt_due_at=due_at, call_until=None)
    return Outcome(again, events.SendDispatch(batch.id, again.attempt, due_at))


def _backoff(batch: Batch, deadlines: Deadlines) -> float:
    """Double with each attempt, and add up to a quarter that the batch's id decides, so that batches spread out."""
    delay = min(deadlines.robot_retry_first_s * 2.0 ** (batch.attempt - 1), deadlines.robot_retry_longest_s)
    return delay * (1 + derived_id(batch.id, batch.attempt).int % 1000 / 4000)


def swept(batch: Batch, event: events.Swept, now: float, deadlines: Deadlines) -> Outcome:
    """Give up on a batch that could not be dispatched in all its time; send the overdue order again until then."""
    if batch.due_at is None or now < batch.due_at:
        return Outcome(batch)
    if event.standing is not None:
        return Outcome(accepted(batch, now, event.standing))
    if now >= max(batch.created_at + deadlines.received_s, batch.call_until or 0.0):
        hours = deadlines.received_s / 3600
        return ended(batch, BatchStatus.FAILED, f"The batch could not be handed to the robot within {hours:g} h.")
    return Outcome(replace(batch, nudged_at=now), events.SendDispatch(batch.id, batch.attempt))
