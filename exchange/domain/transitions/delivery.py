"""Uploads and callbacks. They may arrive in either order, twice, or never."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus
from exchange.domain import events
from exchange.domain.batch import Batch, Phase, Upload
from exchange.domain.durations import format_duration
from exchange.domain.errors import Conflict, ResultMissing
from exchange.domain.limits import Deadlines
from exchange.domain.messages import ImportMessage
from exchange.domain.transitions.dispatching import mark_accepted
from exchange.domain.transitions.transition import RobotFailure, Transition, end


def record_upload(batch: Batch, event: events.UploadSeen, now: float, _deadlines: Deadlines) -> Transition:
    """Record the upload. It proves that the robot accepted the batch. An older upload never replaces a newer one."""
    if batch.phase is Phase.RECEIVED:
        return Transition(mark_accepted(batch, now, event.upload))
    known = batch.upload
    if known is not None and (known == event.upload or known.last_modified > event.upload.last_modified):
        return Transition(batch)
    return Transition(replace(batch, upload=event.upload))


def record_validation(batch: Batch, event: events.ValidationFinished, now: float, _deadlines: Deadlines) -> Transition:
    """Record the validation if its upload is still current and has no recorded validation. Otherwise ignore it."""
    upload = event.current_upload
    if upload is None or upload.etag != event.validation.etag or batch.validation_of(upload):
        return Transition(batch)
    accepted = mark_accepted(batch, now) if batch.phase is Phase.RECEIVED else batch
    recorded = replace(accepted, validation=event.validation, upload=upload, worked_at=now, resent_at=None, resends=0)
    return Transition(recorded, ImportMessage(batch.id) if recorded.phase is Phase.DELIVERED else None)


def deliver(batch: Batch, event: events.CallbackSucceeded, now: float, _deadlines: Deadlines) -> Transition:
    """Record the callback if the result file exists. Request the import if that file is validated already."""
    if event.current_upload is None:
        raise ResultMissing(
            "The result file at result_storage_url does not exist yet. Upload the file, then repeat the callback."
        )
    return _deliver(batch, event.current_upload, now)


def fail(batch: Batch, event: events.CallbackFailed, now: float, _deadlines: Deadlines) -> Transition:
    """End as `failed` with the robot's message. Nothing is imported, even if a result was uploaded."""
    failed = replace(batch, accepted_at=batch.accepted_at or now, robot_error=event.message)
    error = f"The robot reported an error: {event.message}"
    return end(failed, BatchStatus.FAILED, error, RobotFailure.ERROR_REPORTED)


def refuse_late_error(_batch: Batch, _event: events.CallbackFailed, _now: float, _deadlines: Deadlines) -> Transition:
    """Refuse an error after the import has started."""
    raise Conflict("The result of this batch is already being imported. It is too late to report an error.")


def repeat_success(batch: Batch, _event: events.CallbackSucceeded, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated success. Refuse it if the batch ended without one."""
    if batch.delivered_at is None or batch.robot_error is not None:
        raise Conflict(f"The batch has already ended with status '{batch.status}'. It is too late to deliver a result.")
    return Transition(batch)


def repeat_error(batch: Batch, _event: events.CallbackFailed, _now: float, _deadlines: Deadlines) -> Transition:
    """Accept a repeated error. Refuse it if the batch ended without one."""
    if batch.robot_error is None:
        raise Conflict(f"The batch has already ended with status '{batch.status}'. It is too late to report an error.")
    return Transition(batch)


def sweep(batch: Batch, event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Treat an upload without a callback as delivered after a wait. End as `failed` if the robot stayed silent."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    upload = event.current_upload
    if upload is None and now >= (batch.accepted_at or batch.created_at) + deadlines.robot_silence_limit_s:
        if not event.upload_known:
            error = "The result file could not be read from storage, so nothing was imported."
            return end(batch, BatchStatus.FAILED, error)
        limit = format_duration(deadlines.robot_silence_limit_s)
        error = f"The robot accepted the batch but delivered no result within {limit}."
        return end(batch, BatchStatus.FAILED, error, RobotFailure.SILENT)
    if upload is not None and now >= upload.last_modified + deadlines.callback_wait_s:
        return _deliver(batch, upload, now)
    return Transition(replace(batch, upload=upload, resent_at=now))


def _deliver(batch: Batch, upload: Upload, now: float) -> Transition:
    delivered = replace(
        batch,
        status=BatchStatus.IMPORTING,
        accepted_at=batch.accepted_at or now,
        upload=upload,
        delivered_at=now,
        resent_at=None,
    )
    return Transition(delivered, ImportMessage(batch.id) if delivered.validation_of(upload) else None)
