"""Uploads and callbacks. They may arrive in either order, twice, or never."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch, Upload
from exchange.domain.durations import format_duration
from exchange.domain.errors import Conflict, ResultMissing
from exchange.domain.limits import Deadlines
from exchange.domain.messages import BatchMessage, ImportMessage, ValidateMessage
from exchange.domain.transitions import leasing
from exchange.domain.transitions.transition import RobotFailure, Transition, end
from exchange.domain.transitions.validating import is_being_validated, may_validate_early


def deliver(batch: Batch, event: events.CallbackSucceeded, now: float, deadlines: Deadlines) -> Transition:
    """Record the callback if the result file exists. Request the import, unless a validation has to end first."""
    if event.current_upload is None:
        raise ResultMissing(
            "The result file at result_storage_url does not exist yet. Upload the file, then repeat the callback."
        )
    return _deliver(batch, event.current_upload, now, deadlines)


def fail(batch: Batch, event: events.CallbackFailed, now: float, _deadlines: Deadlines) -> Transition:
    """End as `failed` with the robot's message. Nothing is imported, even if a result was uploaded."""
    failed = replace(batch, accepted_at=batch.accepted_at or now, robot_error=event.message)
    error = f"The robot reported an error: {event.message}"
    return end(failed, BatchStatus.FAILED, error, ErrorCode.ROBOT_ERROR, RobotFailure.ERROR_REPORTED)


def refuse_late_error(_batch: Batch, _event: events.CallbackFailed, _now: float, _deadlines: Deadlines) -> Transition:
    """Refuse an error after the import has started."""
    raise Conflict("The result of this batch is already being imported. It is too late to report an error.")


def repeat_success(batch: Batch, _event: events.CallbackSucceeded, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated success. Refuse it if the batch ended without one, or was cancelled before the import."""
    cancelled = batch.cancel_requested_at is not None and not batch.import_started
    if batch.delivered_at is None or batch.robot_error is not None or cancelled:
        raise Conflict(f"The batch has already ended with status '{batch.status}'. It is too late to deliver a result.")
    return Transition(batch)


def repeat_error(batch: Batch, _event: events.CallbackFailed, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated error. Refuse it if the batch ended without one."""
    if batch.robot_error is None:
        raise Conflict(f"The batch has already ended with status '{batch.status}'. It is too late to report an error.")
    return Transition(batch)


def sweep(batch: Batch, event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Treat an upload without a callback as delivered after a wait. End as `failed` if the robot stayed silent.

    At the silence limit an upload counts without the wait: a robot that uploads again and again must not prolong the
    batch.
    """
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    upload = event.current_upload
    if upload is None and batch.lease is not None and batch.part is not None:
        return leasing.sweep(batch, batch.lease, batch.part, now, deadlines)
    is_at_limit = now >= (batch.accepted_at or batch.created_at) + deadlines.robot_silence_limit_s
    if upload is None and is_at_limit:
        if not event.upload_known:
            error = "The result file could not be read from storage, so nothing was imported."
            return end(batch, BatchStatus.FAILED, error, ErrorCode.RESULT_UNREADABLE)
        limit = format_duration(deadlines.robot_silence_limit_s)
        error = f"The robot accepted the batch but delivered no result within {limit}."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.ROBOT_TIMEOUT, RobotFailure.SILENT)
    if upload is not None and (is_at_limit or now >= upload.last_modified + deadlines.callback_wait_s):
        return _deliver(batch, upload, now, deadlines)
    return Transition(replace(batch, upload=upload, resent_at=now))


def take(batch: Batch, event: events.LeaseTaken, now: float, deadlines: Deadlines) -> Transition:
    """End the part if its lease has expired, so that its references go to another one. A result that exists counts.

    The references fail after `lease_attempts` leases.
    """
    if batch.lease is None or batch.part is None or now < batch.lease.until:
        return Transition(batch)
    if event.current_upload is not None:
        return _deliver(batch, event.current_upload, now, deadlines)
    return leasing.expire(batch, batch.lease, batch.part, deadlines)


def _deliver(batch: Batch, upload: Upload, now: float, deadlines: Deadlines) -> Transition:
    delivered = replace(
        batch,
        status=BatchStatus.IMPORTING,
        accepted_at=batch.accepted_at or now,
        upload=upload,
        delivered_at=now,
        resent_at=None,
    )
    return Transition(delivered, _choose_message(delivered, upload, now, deadlines))


def _choose_message(batch: Batch, upload: Upload, now: float, deadlines: Deadlines) -> BatchMessage | None:
    """Return the message that leads to the import. A running validation sends its own at its end."""
    if batch.validation_of(upload):
        return ImportMessage(batch.id)
    if is_being_validated(batch, upload, now, deadlines):
        return None
    if upload.size <= deadlines.small_result_limit_bytes or not may_validate_early(batch, deadlines):
        # The import validates the upload. That is quicker than to wait for the blob event.
        return ImportMessage(batch.id)
    return ValidateMessage(batch.id, now + deadlines.blob_event_wait_s)
