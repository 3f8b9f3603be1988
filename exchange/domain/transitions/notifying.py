"""The notification that a batch has ended: of webhooks, and for a part of its batch request.

It is the only change of a batch after its end.
"""

from dataclasses import replace

from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.limits import Deadlines
from exchange.domain.messages import NotifyMessage
from exchange.domain.transitions.transition import Transition


def request(ending: Transition) -> Transition:
    """Let the transition that ends a batch record that webhooks are to be notified, and send the message."""
    return replace(ending, batch=replace(ending.batch, notify_due=True), message=NotifyMessage(ending.batch.id))


def record(batch: Batch, _event: events.EndNotified, _now: float, _deadlines: Deadlines) -> Transition:
    """Record that a delivery exists for each webhook, or that the batch request knows of the part's end."""
    return Transition(replace(batch, notify_due=False)) if batch.notify_due else Transition(batch)


def sweep(batch: Batch, _event: events.Swept, now: float, deadlines: Deadlines) -> Transition:
    """Resend the message about the end. Webhooks are given up after `webhook_wait_limit_s`."""
    if batch.due_at is None or now < batch.due_at:
        return Transition(batch)
    # The batch request of a part cannot end before it learns of the part.
    if batch.part is None and now >= (batch.ended_at or now) + deadlines.webhook_wait_limit_s:
        return Transition(replace(batch, notify_due=False))
    return Transition(replace(batch, resent_at=now), NotifyMessage(batch.id))
