"""When the sweep has to look at a batch next."""

from functions.domain.batch import Batch, Phase
from functions.domain.limits import Deadlines


def due_at(batch: Batch, deadlines: Deadlines) -> float | None:
    """Return the earliest of the batch's deadlines, in seconds since the epoch; None once it has ended.

    Each send by the sweep moves it on (`nudged_at`), so that a batch is never sent twice for one deadline.
    """
    match batch.phase:
        case Phase.RECEIVED:
            return min(_dispatch_overdue(batch, deadlines), batch.created_at + deadlines.received_s)
        case Phase.ACCEPTED:
            return _delivery_overdue(batch, deadlines)
        case Phase.REPORTED | Phase.PINNED:
            return _work_overdue(batch, deadlines)
        case Phase.ENDED:
            return None


def _dispatch_overdue(batch: Batch, deadlines: Deadlines) -> float:
    waiting_since = max(batch.attempt_due_at, batch.call_until or 0.0, batch.nudged_at or 0.0)
    return waiting_since + deadlines.dispatch_overdue_s


def _delivery_overdue(batch: Batch, deadlines: Deadlines) -> float:
    """Look at the result blob every `callback_wait_s`, as its event may be lost; and when the robot's time is up."""
    accepted_at = batch.accepted_at or batch.created_at
    next_look = max(accepted_at, batch.nudged_at or 0.0) + deadlines.callback_wait_s
    if batch.upload is not None:
        return min(next_look, batch.upload.last_modified + deadlines.callback_wait_s)
    return min(next_look, accepted_at + deadlines.robot_silence_s)


def _work_overdue(batch: Batch, deadlines: Deadlines) -> float:
    """Count from the last sign of life: a validation that is still at work is not started a second time."""
    signs = (batch.reported_at, batch.worked_at, batch.nudged_at)
    awaiting_first_import = batch.phase is Phase.REPORTED and batch.nudges == 0
    wait = deadlines.validation_wait_s if awaiting_first_import else deadlines.progress_s
    return max(sign for sign in signs if sign is not None) + wait
