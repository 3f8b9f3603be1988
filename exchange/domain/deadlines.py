"""When the sweep has to look at a batch next."""

from exchange.domain.batch import Batch, Phase
from exchange.domain.division import Lease
from exchange.domain.limits import Deadlines


def find_due_at(batch: Batch, deadlines: Deadlines) -> float | None:
    """Return the earliest deadline of the batch, in seconds since the epoch. None if nothing is due any more.

    Each resend postpones the deadline (`resent_at`), so the sweep never sends twice for one deadline.
    """
    match batch.phase:
        case Phase.RECEIVED:
            return min(_dispatch_due_at(batch, deadlines), batch.known_at + deadlines.received_limit_s)
        case Phase.ACCEPTED if batch.lease is not None:
            return _lease_due_at(batch, batch.lease, deadlines)
        case Phase.ACCEPTED:
            return _delivery_due_at(batch, deadlines)
        case Phase.DIVIDED:
            return _parts_due_at(batch, deadlines)
        case Phase.READING | Phase.DELIVERED | Phase.IMPORTING | Phase.REPORTING:
            return _work_due_at(batch, deadlines)
        case Phase.ENDED:
            return _notify_due_at(batch, deadlines) if batch.notify_due else None


def _dispatch_due_at(batch: Batch, deadlines: Deadlines) -> float:
    waiting_since = max(batch.attempt_due_at, batch.call_until or 0.0, batch.resent_at or 0.0)
    return waiting_since + deadlines.dispatch_overdue_s


def _delivery_due_at(batch: Batch, deadlines: Deadlines) -> float:
    """Return the next check of the result blob, whose event may be lost, or the silence limit if that is earlier."""
    accepted_at = batch.accepted_at or batch.created_at
    next_check = max(accepted_at, batch.resent_at or 0.0) + deadlines.callback_wait_s
    if batch.upload is not None:
        next_check = min(next_check, batch.upload.last_modified + deadlines.callback_wait_s)
    return min(next_check, accepted_at + deadlines.robot_silence_limit_s)


def _lease_due_at(batch: Batch, lease: Lease, deadlines: Deadlines) -> float:
    """Return the time after the lease when an upload counts without a callback, or what nobody fetches may end."""
    return max(lease.until, batch.resent_at or 0.0) + deadlines.callback_wait_s


def _parts_due_at(batch: Batch, deadlines: Deadlines) -> float:
    """Return when missing parts are to be made. Robots make those that they fetch, so there the wait is long."""
    last_part_at = batch.division.served_at if batch.division else None
    since = max(batch.known_at, last_part_at or 0.0, batch.resent_at or 0.0, batch.cancel_requested_at or 0.0)
    is_fetched = batch.division is not None and batch.division.size is None and batch.cancel_requested_at is None
    return since + (deadlines.fetch_limit_s if is_fetched else deadlines.dispatch_overdue_s)


def _work_due_at(batch: Batch, deadlines: Deadlines) -> float:
    """Return the time after the last sign of work, so that work that still runs is not started twice."""
    signs = (batch.created_at, batch.delivered_at, batch.worked_at, batch.resent_at)
    waits = {Phase.READING: deadlines.dispatch_overdue_s, Phase.DELIVERED: deadlines.validation_wait_s}
    # The first message may never have arrived.
    wait = deadlines.progress_limit_s if batch.resends else waits.get(batch.phase, deadlines.progress_limit_s)
    return max(sign for sign in signs if sign is not None) + wait


def _notify_due_at(batch: Batch, deadlines: Deadlines) -> float:
    return max(batch.ended_at or batch.created_at, batch.resent_at or 0.0) + deadlines.webhook_overdue_s
