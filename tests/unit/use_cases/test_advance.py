from uuid import UUID, uuid4

import pytest

from exchange.domain import events
from exchange.domain.batch import Batch, Upload
from exchange.domain.errors import NotFound, Unavailable, WriteConflict
from exchange.ports import StoredBatch
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.write_conflicts import MAX_CONFLICTS
from tests.unit.use_cases.conftest import Exchange

UPLOAD = Upload(etag="e", last_modified=0.0, size=1)
STARTED = events.ValidationStarted(uuid4(), UPLOAD)


def cause_conflicts(exchange: Exchange, count: int) -> list[str]:
    """Make this many writes lose against another one. Return a list that collects the ETags of all writes."""
    write = exchange.batches.replace
    etags: list[str] = []

    async def replace(batch: Batch, etag: str) -> str:
        etags.append(etag)
        if len(etags) <= count:
            await write(exchange.get_batch(batch.id), etag)
        return await write(batch, etag)

    exchange.batches.replace = replace  # type: ignore[method-assign] # replaces the fake
    return etags


async def test_the_event_is_observed_again_after_each_write_conflict(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, MAX_CONFLICTS - 1)
    observed = []

    async def observe(batch: Batch) -> events.Event:
        observed.append(batch)
        return STARTED

    stored = await exchange.batches.load(batch_id)
    advanced = await observe_and_advance(stored, observe, exchange.services)
    assert advanced.changed
    assert advanced.stored == await exchange.batches.load(batch_id)
    assert advanced.batch.upload == UPLOAD
    assert len(observed) == len(set(etags)) == MAX_CONFLICTS


async def test_too_many_write_conflicts_raise_unavailable(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, MAX_CONFLICTS)
    with pytest.raises(Unavailable, match="being changed by other processes") as raised:
        await advance(await exchange.batches.load(batch_id), STARTED, exchange.services)
    assert not isinstance(raised.value, WriteConflict)
    assert (len(etags), exchange.get_batch(batch_id).upload) == (MAX_CONFLICTS, None)


async def test_an_event_that_changes_nothing_writes_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, 0)
    advanced = await advance(await exchange.batches.load(batch_id), events.RobotAccepted(), exchange.services)
    assert (advanced.changed, advanced.batch, etags) == (False, exchange.get_batch(batch_id), [])


async def test_a_transition_without_a_message_sends_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    exchange.queues.sent.clear()
    await advance(await exchange.batches.load(batch_id), STARTED, exchange.services)
    assert exchange.queues.sent == []


async def test_a_message_that_cannot_be_sent_is_not_an_error(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id)
    await exchange.call_back(batch_id)
    exchange.queues.down = True
    await exchange.validate(batch_id)
    assert exchange.get_batch(batch_id).validation is not None


async def test_events_follow_each_other_without_another_read(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    stored = await exchange.batches.load(batch_id)
    exchange.batches.load = raise_not_found  # type: ignore[method-assign,assignment] # replaces the fake
    started = await advance(stored, STARTED, exchange.services)
    continued = await advance(started.stored, events.CallbackFailed("no"), exchange.services)
    assert (continued.changed, continued.batch) == (True, exchange.get_batch(batch_id))


async def test_a_batch_that_is_gone_raises_not_found(exchange: Exchange) -> None:
    stored = await exchange.batches.load(await exchange.register_and_dispatch())
    exchange.batches.items.clear()
    with pytest.raises(NotFound):
        await advance(stored, STARTED, exchange.services)


async def raise_not_found(_batch_id: UUID) -> StoredBatch:
    raise NotFound("The batch request does not exist.")
