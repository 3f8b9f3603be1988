"""Uploads and callbacks, in either order, each perhaps twice or never."""

from dataclasses import replace

from functions.contract.batches import BatchStatus
from functions.domain import events
from functions.domain.batch import Batch, Phase, Upload
from functions.domain.errors import AlreadyDone, ResultMissing
from functions.domain.limits import Deadlines
from functions.domain.moves.dispatching import accepted
from functions.domain.moves.outcome import Outcome, ended


def uploaded(batch: Batch, event: events.Uploaded, now: float, _deadlines: Deadlines) -> Outcome:
    """Take an upload as acceptance; keep the later of two whose events came out of order."""
    if batch.phase is Phase.RECEIVED:
        return Outcome(accepted(batch, now, event.upload))
    known = batch.upload
    if known is not None and (known == event.upload or known.last_modified > event.upload.last_modified):
        return Outcome(batch)
    return Outcome(replace(batch, upload=event.upload))


def validated(batch: Batch, event: events.Validated, now: float, _deadlines: Deadlines) -> Outcome:
    """Record a validation if its upload still stands and none of that upload is recorded; else it is superseded."""
    standing = event.standing
    if standing is None or standing.etag != event.validation.etag or batch.validated(standing):
        return Outcome(batch)
    has_it = accepted(batch, now) if batch.phase is Phase.RECEIVED else batch
    recorded = replace(has_it, validation=event.validation, upload=standing, worked_at=now, nudged_at=None, nudges=0)
    return Outcome(recorded, events.SendImport(batch.id) if recorded.phase is Phase.REPORTED else None)


def reported_success(batch: Batch, event: events.ReportedSuccess, now: float, _deadlines: Deadlines) -> Outcome:
    """Take the robot at its word if its result is there. The import is due now if that upload has been validated."""
    if event.standing is None:
        raise ResultMissing("There is no result file at result_storage_url yet: upload it, then call back again.")
    return _reported(batch, event.standing, now)


def reported_error(batch: Batch, event: events.ReportedError, now: float, _deadlines: Deadlines) -> Outcome:
    """Fail the batch in the robot's words. Nothing is imported, whatever was uploaded."""
    told = replace(batch, accepted_at=batch.accepted_at or now, robot_error=event.words)
    return ended(told, BatchStatus.FAILED, f"The robot reported an error: {event.words}")


def contradicted(_batch: Batch, _event: events.ReportedError, _now: float, _deadlines: Deadlines) -> Outcome:
    """Refuse an error once the import of the result has begun."""
    raise AlreadyDone("The result of this batch is being imported already: an error comes too late.")


def success_after_the_end(batch: Batch, _event: events.ReportedSuccess, _now: float, _deadlines: Deadlines) -> Outcome:
    """Take the same callback again; refuse one that the batch did not end by."""
    if batch.reported_at is None or batch.robot_error is not None:
        raise AlreadyDone(f"This batch has ended as '{batch.status}': a result comes too late.")
    return Outcome(batch)


def error_after_the_end(batch: Batch, _event: events.ReportedError, _now: float, _deadlines: Deadlines) -> Outcome:
    """Take the same callback again; refuse one that the batch did not end by."""
    if batch.robot_error is None:
        raise AlreadyDone(f"This batch has ended as '{batch.status}': an error comes too late.")
    return Outcome(batch)


def swept(batch: Batch, event: events.Swept, now: float, deadlines: Deadlines) -> Outcome:
    """Take an upload that stands long enough as reported; give up on a robot that stayed silent."""
    if batch.due_at is None or now < batch.due_at:
        return Outcome(batch)
    standing = event.standing
    if standing is None and now >= (batch.accepted_at or batch.created_at) + deadlines.robot_silence_s:
        hours = deadlines.robot_silence_s / 3600
        silent = f"The robot took the batch, but delivered no result within {hours:g} h."
        unseen = "The result file could not be looked at, whenever it was tried: nothing was imported."
        return ended(batch, BatchStatus.FAILED, silent if event.seen else unseen)
    if standing is not None and now >= standing.last_modified + deadlines.callback_wait_s:
        return _reported(batch, standing, now)
    return Outcome(replace(batch, upload=standing, nudged_at=now))


def _reported(batch: Batch, standing: Upload, now: float) -> Outcome:
    reported = replace(
        batch,
        status=BatchStatus.IMPORTING,
        accepted_at=batch.accepted_at or now,
        upload=standing,
        reported_at=now,
        nudged_at=None,
    )
    return Outcome(reported, events.SendImport(batch.id) if reported.validated(standing) else None)
