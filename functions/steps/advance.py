"""What every step does to a batch: load it, apply an event, write it back if nobody else did, do what is due."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from functions.domain.batch import Batch
from functions.domain.errors import Stale, Unavailable
from functions.domain.events import Due, Event
from functions.domain.lifecycle import apply
from functions.ports import Services, StoredBatch
from functions.telemetry.metrics import record_move

log = logging.getLogger(__name__)

Observe = Callable[[Batch], Awaitable[Event]]

# Each clash means that somebody else moved the batch on; so many in a row mean that something is amiss.
CLASHES = 20


@dataclass(frozen=True, slots=True)
class Advanced:
    """The batch as it stands now; `moved` if it was this event that changed it."""

    batch: Batch
    moved: bool


async def advance(batch_id: UUID, event: Event | Observe, services: Services) -> Advanced:
    """Apply the event and return the batch as it then stands, whoever moved it there.

    Where the event depends on what is seen outside, give a function: it looks anew after each clash, so that what is
    recorded was true of the very state it was recorded on. What is due is done after the write; if that fails, the
    state still says so, and the sweep does it. Raises NotFound, and what `lifecycle.apply` raises.
    """
    for _ in range(CLASHES):
        stored = await services.batches.load(batch_id)
        seen = await event(stored.batch) if callable(event) else event
        try:
            return await _move(stored, seen, services)
        except Stale:
            continue
    raise Unavailable("The batch is being changed by others all the time.")


async def _move(stored: StoredBatch, event: Event, services: Services) -> Advanced:
    outcome = apply(stored.batch, event, services.clock(), services.deadlines)
    if outcome.batch is stored.batch:
        return Advanced(stored.batch, moved=False)
    await services.batches.replace(outcome.batch, stored.etag)
    record_move(stored.batch, event, outcome.batch)
    if outcome.batch.status is not stored.batch.status:
        log.info("batch %s is %s", stored.batch.id, outcome.batch.status)
    await send_due(outcome.due, services)
    return Advanced(outcome.batch, moved=True)


async def send_due(due: Due | None, services: Services) -> None:
    """Send what is due; if the queue is down, leave it to the sweep, which finds it in the state."""
    if due is None:
        return
    try:
        await services.queues.send(due)
    except Unavailable as error:
        log.warning("batch %s: %s is left to the sweep: %s", due.batch_id, type(due).__name__, error)
