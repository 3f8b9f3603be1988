"""Phase `reading`: the list of references is read, and either used or refused."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.id_list import IdList
from exchange.domain.limits import Deadlines
from exchange.domain.messages import DispatchMessage
from exchange.domain.transitions.dividing import divide
from exchange.domain.transitions.transition import Transition, end


def get_id_list(batch: Batch) -> IdList:
    """Return the list of references of a batch in this phase."""
    if batch.id_list is None:
        msg = f"batch {batch.id} has no list of references"
        raise AssertionError(msg)
    return batch.id_list


def record_ids(batch: Batch, event: events.IdsRead, now: float, _deadlines: Deadlines) -> Transition:
    """Go on with these references: call the robot, or work in parts. End as `completed` if all are skipped."""
    read = replace(
        batch,
        id_list=replace(get_id_list(batch), read_at=now),
        reference_count=event.count,
        manifest=event.attempt,
        skipped_count=event.skipped,
        selected=event.selected,
        attempt_due_at=now,
        worked_at=None,
        resent_at=None,
        resends=0,
    )
    if event.skipped == event.count:
        return end(read, BatchStatus.COMPLETED)
    sent = Transition(read, DispatchMessage(batch.id, batch.attempt))
    return sent if event.division is None else divide(sent, event.division)


def refuse_ids(batch: Batch, event: events.IdsRefused, _now: float, _deadlines: Deadlines) -> Transition:
    """End as `failed`, with what is wrong with the list."""
    return end(batch, BatchStatus.FAILED, event.error, ErrorCode.REFERENCES_INVALID)


def sweep(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Resend the dispatch message. End as `failed` after too many resends."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    if batch.resends >= deadlines.progress_attempts:
        error = f"The list of references could not be read in {batch.resends} attempts."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.IMPORT_STALLED)
    again = replace(batch, resent_at=now, resends=batch.resends + 1)
    return Transition(again, DispatchMessage(batch.id, batch.attempt))
