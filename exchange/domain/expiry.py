"""When the exchange ends a batch by itself."""

from dataclasses import replace

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Phase
from exchange.domain.deadlines import find_due_at
from exchange.domain.limits import Deadlines


def find_expires_at(batch: Batch, deadlines: Deadlines) -> float | None:
    """Return when the batch ends if nothing happens to it but sweeps that run on time. None once it has ended.

    Every other event can postpone the end. Some end the batch earlier, for example a robot that cannot be reached for
    as long as it is called. A result that was uploaded does not expire: the sweep treats it as delivered, and its
    import expires.
    """
    match batch.phase:
        case Phase.RECEIVED:
            return max(batch.known_at + deadlines.received_limit_s, batch.call_until or 0.0)
        case Phase.ACCEPTED if batch.lease is not None:
            return batch.lease.until + deadlines.fetch_limit_s
        case Phase.ACCEPTED:
            return _find_delivery_end(batch, deadlines)
        case Phase.DIVIDED:
            return _find_fetch_end(batch, deadlines)
        case Phase.READING | Phase.DELIVERED | Phase.IMPORTING | Phase.REPORTING:
            return _find_work_end(batch, deadlines)
        case Phase.ENDED:
            return None


def _find_fetch_end(batch: Batch, deadlines: Deadlines) -> float | None:
    """Return when a batch that robots fetch is given up. None while parts are open: those have ends of their own."""
    is_waiting = batch.available_at is not None and batch.division is not None and not batch.division.open_parts
    return find_due_at(batch, deadlines) if is_waiting else None


def _find_delivery_end(batch: Batch, deadlines: Deadlines) -> float | None:
    silence_ends_at = (batch.accepted_at or batch.created_at) + deadlines.robot_silence_limit_s
    if batch.upload is None:
        return silence_ends_at
    delivered_at = min(batch.upload.last_modified + deadlines.callback_wait_s, silence_ends_at)
    delivered = replace(batch, status=BatchStatus.IMPORTING, delivered_at=delivered_at, resent_at=None)
    return _find_work_end(delivered, deadlines)


def _find_work_end(batch: Batch, deadlines: Deadlines) -> float | None:
    """Return the deadline after the last resend. Each resend is due after the same time."""
    due_at = find_due_at(batch, deadlines)
    resends_left = max(0, deadlines.progress_attempts - batch.resends)
    return None if due_at is None else due_at + resends_left * deadlines.progress_limit_s
