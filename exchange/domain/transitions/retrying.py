"""The retry of a batch that has ended."""

from dataclasses import replace

from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.limits import Deadlines
from exchange.domain.transitions.transition import Transition


def record_retry(batch: Batch, event: events.Retried, _now: float, _deadlines: Deadlines) -> Transition:
    """Record the batch that retries this one. There is only one, because its id is derived from this batch."""
    return Transition(batch if batch.retried_as else replace(batch, retried_as=event.batch_id))
