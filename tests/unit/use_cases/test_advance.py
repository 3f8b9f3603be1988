from uuid import uuid4

import pytest

from exchange.domain import events
from exchange.domain.batch import Batch, Upload
from exchange.domain.errors import NotFound, Unavailable, WriteConflict
from exchange.use_cases.advance import MAX_CONFLICTS, advance
from tests.unit.use_cases.conftest import Exchange

UPLOAD = Upload(etag="e", last_modified=0.0, size=1)


def cause_conflicts(exchange: Exchange, count: int) -> list[str]:
    """Make this many writes lose against another one. Return a list that collects the ETags of all writes."""
    write = exchange.batches.replace
    etags: list[str] = []

    async def replace(batch: Batch, etag: str) -> None:
        etags.append(etag)
        if len(etags) <= count:
            await write(exchange.get_batch(batch.id), etag)
        await write(batch, etag)

    exchange.batches.replace = replace  # type: ignore[method-assign] # replaces the fake
    return etags


async def test_the_event_is_observed_again_after_each_write_conflict(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, MAX_CONFLICTS - 1)
    observed = []

    async def observe(batch: Batch) -> events.Event:
        observed.append(batch)
        return events.UploadSeen(UPLOAD)

    advanced = await advance(batch_id, observe, exchange.services)
    assert advanced.changed
    assert advanced.batch == exchange.get_batch(batch_id)
    assert advanced.batch.upload == UPLOAD
    assert len(observed) == len(set(etags)) == MAX_CONFLICTS


async def test_too_many_write_conflicts_raise_unavailable(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, MAX_CONFLICTS)
    with pytest.raises(Unavailable, match="being changed by other processes") as raised:
        await advance(batch_id, events.UploadSeen(UPLOAD), exchange.services)
    assert not isinstance(raised.value, WriteConflict)
    assert (len(etags), exchange.get_batch(batch_id).upload) == (MAX_CONFLICTS, None)


async def test_an_event_that_changes_nothing_writes_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    etags = cause_conflicts(exchange, 0)
    advanced = await advance(batch_id, events.RobotAccepted(), exchange.services)
    assert (advanced.changed, advanced.batch, etags) == (False, exchange.get_batch(batch_id), [])


async def test_a_transition_without_a_message_sends_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    exchange.queues.sent.clear()
    await advance(batch_id, events.UploadSeen(UPLOAD), exchange.services)
    assert exchange.queues.sent == []


async def test_a_message_that_cannot_be_sent_is_not_an_error(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id)
    await exchange.call_back(batch_id)
    exchange.queues.down = True
    await exchange.validate(batch_id)
    assert exchange.get_batch(batch_id).validation is not None


async def test_an_unknown_batch_raises_not_found(exchange: Exchange) -> None:
    with pytest.raises(NotFound):
        await advance(uuid4(), events.WorkContinued(), exchange.services)
