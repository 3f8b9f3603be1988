"""From the pin to the end: one validation, window after window, and a sweep that starts what has stalled."""

from dataclasses import replace

from functions.contract.batches import BatchStatus
from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.domain.limits import Deadlines
from functions.domain.moves.outcome import Outcome, ended

_NOTHING = "Nothing could be imported: the report says why, entry by entry and reference by reference."


def worked(batch: Batch, _event: events.Worked, now: float, _deadlines: Deadlines) -> Outcome:
    """Put the deadline off. It is no progress: a step that works for minutes and then dies is not tried for ever."""
    return Outcome(replace(batch, worked_at=now))


def begun(batch: Batch, event: events.ImportBegun, now: float, _deadlines: Deadlines) -> Outcome:
    """Pin the validation of the upload that stands; nothing changes if there is none yet."""
    if event.standing is None:
        return ended(batch, BatchStatus.FAILED, "The result file is gone: nothing was imported.")
    if batch.validated(event.standing) is None:
        return Outcome(batch)
    return Outcome(replace(batch, pinned=True, upload=event.standing, worked_at=now, nudged_at=None, nudges=0))


def window_imported(batch: Batch, event: events.WindowImported, now: float, _deadlines: Deadlines) -> Outcome:
    """Record the next window; one that is recorded already, by another importer, changes nothing."""
    if event.progress.windows != batch.progress.windows + 1:
        return Outcome(batch)
    return Outcome(replace(batch, progress=event.progress, worked_at=now, nudged_at=None, nudges=0))


def report_written(batch: Batch, event: events.ReportWritten, _now: float, _deadlines: Deadlines) -> Outcome:
    """End by the counts: all of it, some of it, or nothing."""
    reported = replace(batch, report=event.attempt)
    validation, added = batch.validation, batch.progress.added
    if validation is None or added == 0:
        words = validation.fault if validation and validation.fault else _NOTHING
        return ended(reported, BatchStatus.FAILED, words)
    whole = added == validation.entries and validation.missing == 0
    return ended(reported, BatchStatus.COMPLETED if whole else BatchStatus.PARTIAL_FAILED, None)


def swept(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Outcome:
    """Send the import again; after so many sends without progress, fail and say how far it came."""
    if batch.due_at is None or now < batch.due_at:
        return Outcome(batch)
    if batch.nudges >= deadlines.tries_without_progress:
        return ended(batch, BatchStatus.FAILED, _how_far(batch))
    return Outcome(replace(batch, nudged_at=now, nudges=batch.nudges + 1), events.SendImport(batch.id))


def _how_far(batch: Batch) -> str:
    if batch.phase is Phase.REPORTED or batch.validation is None:
        return f"The result could not be validated in {batch.nudges} tries: nothing was imported."
    return (
        f"The import made no progress in {batch.nudges} tries: {batch.progress.added} of "
        f"{batch.validation.accepted} accepted enhancements were added."
    )
