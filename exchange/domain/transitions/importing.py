"""The import: one validation, chunk after chunk. The sweep restarts an import that stalled."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.counts import count_added, count_unimported, get_imported_validation
from exchange.domain.limits import Deadlines
from exchange.domain.messages import ImportMessage
from exchange.domain.transitions.cancelling import format_reason
from exchange.domain.transitions.transition import Transition, end

_NOTHING_IMPORTED = "Nothing was imported. The report gives the reason for each entry and each missing reference."


def continue_work(batch: Batch, _event: events.WorkContinued, now: float, _deadlines: Deadlines) -> Transition:
    """Postpone the deadline, but keep `resends`, so that work that always crashes still ends."""
    return Transition(replace(batch, worked_at=now))


def start_import(batch: Batch, event: events.ImportStarted, now: float, _deadlines: Deadlines) -> Transition:
    """Start the import of the current upload's validation. Ignored if that upload is not validated yet."""
    if event.current_upload is None:
        error = "The result file was deleted before the import, so nothing was imported."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.RESULT_MISSING)
    if batch.validation_of(event.current_upload) is None:
        return Transition(batch)
    return Transition(
        replace(batch, import_started=True, upload=event.current_upload, worked_at=now, resent_at=None, resends=0)
    )


def record_chunk(batch: Batch, event: events.ChunkImported, now: float, _deadlines: Deadlines) -> Transition:
    """Record the next chunk. Ignored if another importer has recorded it already."""
    if event.progress.chunks != batch.progress.chunks + 1:
        return Transition(batch)
    return Transition(replace(batch, progress=event.progress, worked_at=now, resent_at=None, resends=0))


def finish(batch: Batch, event: events.ReportWritten, _now: float, _deadlines: Deadlines) -> Transition:
    """End as `completed`, `partial_failed` or `failed`, depending on how many enhancements were added."""
    reported = replace(batch, report=event.attempt, outcome=event.outcome)
    validation = get_imported_validation(batch)
    added = count_added(batch)
    if batch.import_is_cancelled and count_unimported(batch):
        status = BatchStatus.PARTIAL_FAILED if added else BatchStatus.FAILED
        error = (
            f"The batch request was cancelled{format_reason(batch)}. {added} of {validation.accepted} accepted "
            "enhancements were added."
        )
        return end(reported, status, error, ErrorCode.CANCELLED)
    if added == 0:
        code = ErrorCode.RESULT_UNREADABLE if validation.fault else ErrorCode.NOTHING_USABLE
        return end(reported, BatchStatus.FAILED, validation.fault or _NOTHING_IMPORTED, code)
    complete = added == validation.entries and validation.missing == 0
    return end(reported, BatchStatus.COMPLETED if complete else BatchStatus.PARTIAL_FAILED)


def sweep(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Resend the import message. End as `failed` after too many resends without progress."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    if batch.resends >= deadlines.progress_attempts:
        return end(batch, BatchStatus.FAILED, _describe_progress(batch), ErrorCode.IMPORT_STALLED)
    again = replace(batch, validation_claim=None, resent_at=now, resends=batch.resends + 1)
    return Transition(again, ImportMessage(batch.id))


def _describe_progress(batch: Batch) -> str:
    if batch.phase is Phase.DELIVERED or batch.validation is None:
        return f"The result could not be validated in {batch.resends} attempts, so nothing was imported."
    return (
        f"The import made no progress in {batch.resends} attempts. {batch.progress.added} of "
        f"{batch.validation.accepted} accepted enhancements were added."
    )
