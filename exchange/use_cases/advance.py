"""The only way in which a batch changes: read it, decide, write it conditionally, then send the message.

The transition that ends a batch also records that webhooks are to be notified, if its requestor has any.

The write is conditional on the ETag (optimistic concurrency). If another process wrote first, the batch is read and the
event is decided again. The message is sent after the write. If the process dies in between, the written state says that
the message is due, and the sweep resends it.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exchange.contract.webhooks import WebhookEvent
from exchange.domain.batch import Batch
from exchange.domain.errors import Unavailable, WriteConflict
from exchange.domain.events import Event
from exchange.domain.lifecycle import apply, request_notification
from exchange.domain.messages import BatchMessage
from exchange.domain.transitions.transition import Transition
from exchange.ports import Services, StoredBatch
from exchange.telemetry.metrics import record_transition
from exchange.use_cases.write_conflicts import repeat_after_conflicts

log = logging.getLogger(__name__)

Observe = Callable[[Batch], Awaitable[Event]]


@dataclass(frozen=True, slots=True)
class Advanced:
    """The batch after an event, as it is stored. `changed` is True if this event changed it."""

    stored: StoredBatch
    changed: bool

    @property
    def batch(self) -> Batch:
        """The batch without its ETag."""
        return self.stored.batch


async def advance(stored: StoredBatch, event: Event, services: Services) -> Advanced:
    """Apply the event to the batch as it was last read or written. If nothing changes, return the batch as it is.

    Raises NotFound, Unavailable, and the errors of `lifecycle.apply`.
    """

    async def observe(_: Batch) -> Event:
        return event

    return await observe_and_advance(stored, observe, services)


async def observe_and_advance(stored: StoredBatch, observe: Observe, services: Services) -> Advanced:
    """Apply an event that depends on something outside the batch. See `advance`.

    `observe` is called again after a write conflict, so that the event always describes the version that is written.
    """

    async def read_and_write() -> Advanced:
        nonlocal stored
        event = await observe(stored.batch)
        try:
            return await _apply(stored, event, services)
        except WriteConflict:
            stored = await services.batches.load(stored.batch.id)
            raise

    return await repeat_after_conflicts(read_and_write, "batch")


async def _apply(stored: StoredBatch, event: Event, services: Services) -> Advanced:
    before = stored.batch
    transition = apply(before, event, services.clock(), services.deadlines)
    if transition.batch is before:
        return Advanced(stored, changed=False)
    if transition.batch.ended and not before.ended:
        transition = await add_notification(transition, services)
    after = transition.batch
    etag = await services.batches.replace(after, stored.etag)
    record_transition(before, transition)
    if after.status is not before.status:
        log.info("batch %s is %s", before.id, after.status)
    await send_message(transition.message, services)
    return Advanced(StoredBatch(after, etag), changed=True)


async def add_notification(ending: Transition, services: Services) -> Transition:
    """Return the transition that ends a batch. If its requestor has webhooks, it also leads to their notification.

    The end of a part leads to the notification of its batch request.
    """
    if ending.batch.part is None and not await _may_have_receiver(ending.batch.requestor, services):
        return ending
    return request_notification(ending, services.deadlines)


async def _may_have_receiver(requestor: str, services: Services) -> bool:
    """Return whether a webhook of the requestor receives the end of a batch. True if that cannot be read.

    The handler of the message reads the webhooks again. An outage here must not keep a batch from ending.
    """
    try:
        found = await services.webhooks.load(requestor)
    except Unavailable:
        return True
    return any(webhook.receives(WebhookEvent.BATCH_ENDED) for webhook in found.webhooks)


async def send_message(message: BatchMessage | None, services: Services) -> None:
    """Send the message, if there is one. If the queue is down, the sweep sends it later."""
    if message is None:
        return
    try:
        await services.queues.send(message)
    except Unavailable as error:
        log.warning(
            "batch %s: %s could not be sent, so the sweep will send it: %s",
            message.batch_id,
            type(message).__name__,
            error,
        )
