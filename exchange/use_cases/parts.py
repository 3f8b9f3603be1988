"""The parts of a batch request: they are made, cancelled, and counted when they end.

A part is made by creating its item under the id that is derived from its number. Only one run can do that. Any other
that wants the same number finds the part, records it in the batch request, and takes the next number. So a part that
exists is always known sooner or later, whoever made it, and no reference is in two parts at once.
"""

import logging
from contextlib import suppress
from uuid import UUID

from exchange.domain import events
from exchange.domain.batch import Batch, Phase, get_part
from exchange.domain.counts import count_part
from exchange.domain.division import Division, Lease, Part, derive_part_id
from exchange.domain.errors import Conflict, NameTaken, NotFound
from exchange.domain.lifecycle import register_part
from exchange.ports import Services, StoredBatch
from exchange.use_cases.advance import advance, send_message

log = logging.getLogger(__name__)


async def work_on_parts(stored: StoredBatch, services: Services) -> None:
    """Make the parts that are to be sent to the robot, or cancel the open parts of a cancelled batch request.

    Idempotent. At most `division.window` parts are open at once: the end of one makes room for the next.
    """
    division = stored.batch.division
    if division is None:
        return
    if stored.batch.cancel_requested_at is not None:
        await _cancel_open(stored.batch, division, services)
        return
    size = division.size
    while size is not None and stored.batch.may_make_parts and division.open_parts < division.window:
        stored, _ = await make_part(stored, size, None, services)
        if stored.batch.division is None or stored.batch.phase is not Phase.DIVIDED:
            return
        division = stored.batch.division


async def make_part(
    stored: StoredBatch, limit: int, lease: Lease | None, services: Services
) -> tuple[StoredBatch, Batch | None]:
    """Make the next part, with at most `limit` references. Return the batch request after that, and the part.

    The part is None if none is left to make, or if another run has made the part with this number. Then that one is
    recorded, and the caller may try again. It is None, too, if the batch request was cancelled meanwhile. A part for a
    robot that is called gets its dispatch message.
    """
    request = stored.batch
    division = request.division
    if division is None or not request.may_make_parts:
        return stored, None
    chosen = division.choose_range(request.selected_count, limit)
    if chosen is None:
        return stored, None
    number = division.made + 1
    part = Part(of=request.id, number=number, range=chosen, holder=services.new_id())
    made = register_part(request, part, lease, services.clock(), services.deadlines)
    try:
        await services.batches.create(made.batch)
    except NameTaken:
        taken = (await services.batches.load(derive_part_id(request.registration, number))).batch
        return await _record_part(stored, taken, services), None
    stored = await _record_part(stored, made.batch, services)
    if not _has_open(stored.batch, made.batch):
        await _cancel(made.batch.id, services, stored.batch.cancel_reason)
        return stored, None
    await send_message(made.message, services)
    return stored, made.batch


async def may_be_sent(stored: StoredBatch, services: Services) -> bool:
    """Return whether the robot may get this part. Record it in its batch request, if that does not know it.

    A part that was made when its batch request ended or was cancelled is cancelled.
    """
    part = get_part(stored.batch)
    try:
        request = await services.batches.load(part.of)
    except NotFound:
        request = None
    if request is not None:
        request = await _record_part(request, stored.batch, services)
        if _has_open(request.batch, stored.batch):
            return True
    await _cancel(stored.batch.id, services, None if request is None else request.batch.cancel_reason)
    return False


async def record_acceptance(part: Batch, services: Services) -> None:
    """Record in the batch request that the robot accepted a part."""
    request = await services.batches.load(part.request_id)
    if request.batch.accepted_at is None:
        await advance(request, events.PartAccepted(), services)


async def report_end(stored: StoredBatch, services: Services) -> None:
    """Record in the batch request that this part has ended. Idempotent."""
    part = get_part(stored.batch)
    try:
        request = await services.batches.load(part.of)
    except NotFound:
        log.warning("batch %s: the batch request of the part does not exist", stored.batch.id)
    else:
        request = await _record_part(request, stored.batch, services)
        await advance(request, events.PartEnded(part.number, count_part(stored.batch)), services)
    await advance(stored, events.EndNotified(), services)


async def _record_part(request: StoredBatch, part: Batch, services: Services) -> StoredBatch:
    made = get_part(part)
    return (await advance(request, events.PartMade(made.number, made.range), services)).stored


def _has_open(request: Batch, part: Batch) -> bool:
    """Return whether the part is recorded in the batch request, and robots are still to work on it."""
    is_recorded = request.division is not None and get_part(part).number <= request.division.made
    return is_recorded and request.cancel_requested_at is None


async def _cancel_open(request: Batch, division: Division, services: Services) -> None:
    for number in division.list_open():
        await _cancel(derive_part_id(request.registration, number), services, request.cancel_reason)


async def _cancel(batch_id: UUID, services: Services, reason: str | None = None) -> None:
    part = await services.batches.load(batch_id)
    if part.batch.ended:
        return
    # It may end meanwhile.
    with suppress(Conflict):
        await advance(part, events.CancelRequested(reason), services)
