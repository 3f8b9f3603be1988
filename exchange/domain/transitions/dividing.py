"""A batch request that is worked on in parts: they are made, they end, and then the report is put together."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import EntryKind
from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.counts import count_references
from exchange.domain.division import Division
from exchange.domain.durations import format_duration
from exchange.domain.errors import Conflict
from exchange.domain.limits import Deadlines
from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.domain.transitions.cancelling import cancel, format_reason
from exchange.domain.transitions.transition import Transition, end


def divide(registered: Transition, division: Division) -> Transition:
    """Return the new batch as one in parts. If robots fetch them, no message is sent."""
    batch = replace(registered.batch, division=division)
    return replace(registered, batch=batch, message=None if division.size is None else registered.message)


def get_division(batch: Batch) -> Division:
    """Return the division of a batch request in parts."""
    if batch.division is None:
        msg = f"batch {batch.id} is not in parts"
        raise AssertionError(msg)
    return batch.division


def record_part(batch: Batch, event: events.PartMade, now: float, _deadlines: Deadlines) -> Transition:
    """Record the next part. Ignored if it is recorded already."""
    division = get_division(batch)
    if event.number != division.made + 1:
        return Transition(batch)
    cut = replace(batch, division=division.cut(event.range, now), resent_at=None)
    # A robot that fetches has the part. One that is called has to accept it first.
    return Transition(_mark_accepted(cut, now) if division.size is None else cut)


def accept_part(batch: Batch, _event: events.PartAccepted, now: float, _deadlines: Deadlines) -> Transition:
    """Record that the robot accepted a part."""
    return Transition(batch if batch.accepted_at else _mark_accepted(batch, now))


def _mark_accepted(batch: Batch, now: float) -> Batch:
    return replace(batch, status=BatchStatus.ACCEPTED, accepted_at=batch.accepted_at or now)


def end_part(batch: Batch, event: events.PartEnded, now: float, _deadlines: Deadlines) -> Transition:
    """Add the counts of the part, or take its references back. Request the report after the last part."""
    division = get_division(batch)
    if event.number > division.made or division.has_ended(event.number):
        return Transition(batch)
    counted = replace(batch, division=division.end_part(event.number, event.outcome), resent_at=None)
    # The event of the acceptance may be lost.
    accepted_at = event.outcome.accepted_at
    return _go_on(counted if accepted_at is None else _mark_accepted(counted, accepted_at), now)


def _go_on(batch: Batch, now: float) -> Transition:
    """Request the report if no part is open and none will be made. Otherwise more parts may have to be made."""
    division = get_division(batch)
    if batch.may_make_parts:
        return Transition(batch, None if division.size is None else DispatchMessage(batch.id, batch.attempt))
    if division.open_parts:
        return Transition(batch)
    reporting = replace(batch, status=BatchStatus.IMPORTING, delivered_at=now, resent_at=None)
    return Transition(reporting, ImportMessage(batch.id))


def cancel_parts(batch: Batch, event: events.CancelRequested, now: float, deadlines: Deadlines) -> Transition:
    """Make no more parts, and have the open ones cancelled. End at once if none was made."""
    if batch.cancel_requested_at is not None:
        return Transition(batch)
    division = get_division(batch)
    if not division.made:
        return cancel(batch, event, now, deadlines)
    cancelled = replace(batch, cancel_requested_at=now, cancel_reason=event.reason, resent_at=None)
    if not division.open_parts:
        return _go_on(cancelled, now)
    return Transition(cancelled, DispatchMessage(batch.id, batch.attempt))


def refuse_late_cancel(batch: Batch, _event: events.CancelRequested, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated cancellation. Refuse another one after the last part has ended."""
    if batch.cancel_requested_at is None:
        raise Conflict("All parts of the batch request have ended. It is too late to cancel it.")
    return Transition(batch)


def sweep(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Have missing parts made. Give up what no robot fetched for `fetch_limit_s`."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    division = get_division(batch)
    if division.size is not None or batch.cancel_requested_at is not None:
        return Transition(replace(batch, resent_at=now), DispatchMessage(batch.id, batch.attempt))
    if not batch.may_make_parts:
        return Transition(replace(batch, resent_at=now))
    if not division.made:
        limit = format_duration(deadlines.fetch_limit_s)
        return end(batch, BatchStatus.FAILED, f"No robot fetched the batch within {limit}.", ErrorCode.ROBOT_TIMEOUT)
    return _go_on(replace(batch, division=replace(division, given_up=True), resent_at=now), now)


def finish(batch: Batch, event: events.ReportWritten, _now: float, _deadlines: Deadlines) -> Transition:
    """End with the report, depending on what the parts did."""
    return _end(replace(batch, report=event.attempt))


def sweep_report(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Resend the message for the report. End without a report after too many resends without progress."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    if batch.resends >= deadlines.progress_attempts:
        ending = _end(batch)
        error = f"The report could not be written in {batch.resends} attempts."
        status = BatchStatus.PARTIAL_FAILED if get_division(batch).totals.added else BatchStatus.FAILED
        return end(ending.batch, status, error, ErrorCode.IMPORT_STALLED)
    return Transition(replace(batch, resent_at=now, resends=batch.resends + 1), ImportMessage(batch.id))


def _end(batch: Batch) -> Transition:
    division, totals = get_division(batch), get_division(batch).totals
    counts = count_references(batch)
    # A reference that has one enhancement is not cancelled, even if its other entries are.
    is_cut_short = totals.entries.get(EntryKind.CANCELLED) or (counts and (counts.cancelled or counts.pending))
    if batch.cancel_requested_at is not None and is_cut_short:
        status = BatchStatus.PARTIAL_FAILED if totals.added else BatchStatus.FAILED
        error = f"The batch request was cancelled{format_reason(batch)}. {totals.added} enhancements were added."
        return end(batch, status, error, ErrorCode.CANCELLED)
    if division.given_up:
        status = BatchStatus.PARTIAL_FAILED if totals.added else BatchStatus.FAILED
        left = division.count_left(batch.selected_count)
        if division.size is None:
            return end(batch, status, f"No robot fetched the last {left} references in time.", ErrorCode.ROBOT_TIMEOUT)
        error = (
            f"The last {left} references were not sent to the robot, because it answered none of the jobs before. The "
            f"first error: {totals.error}"
        )
        return end(batch, status, error, totals.error_code)
    if totals.completed == totals.parts:
        return end(batch, BatchStatus.COMPLETED)
    if totals.added:
        error = f"{totals.failed_parts} of {totals.parts} parts failed. The first error: {totals.error}"
        return end(batch, BatchStatus.PARTIAL_FAILED, error if totals.failed_parts else None, totals.error_code)
    status = BatchStatus.REJECTED if totals.rejected == totals.parts else BatchStatus.FAILED
    several = f"Nothing was added in {totals.parts} parts. The first error: {totals.error}"
    return end(batch, status, totals.error if totals.parts == 1 else several, totals.error_code)
