from uuid import uuid4

import pytest

from exchange.domain import events
from exchange.domain.batch import Batch, Upload
from exchange.domain.errors import NotFound, WriteConflict, Unavailable
from exchange.use_cases.advance import MAX_CONFLICTS, advance
from tests.unit.use_cases.conftest import Exchange

UPLOAD = Upload(etag="e", last_modified=0.0, size=1)


def clash(exchange: Exchange, times: int) -> list[str]:
    """Let so many writes lose against another one; return the ETags that were tried."""
    write = exchange.batches.replace
    tried: list[str] = []

    async def clashing(batch: Batch, etag: str) -> None:
        tried.append(etag)
        if len(tried) <= times:
            await write(exchange.batch(batch.id), etag)
        await write(batch, etag)

    exchange.batches.replace = clashing  # type: ignore[method-assign] # a fake of this test's own
    return tried


async def test_what_others_wrote_meanwhile_is_looked_at_anew(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    tried = clash(exchange, MAX_CONFLICTS - 1)
    seen = []

    async def observe(batch: Batch) -> events.Event:
        seen.append(batch)
        return events.UploadSeen(UPLOAD)

    advanced = await advance(batch_id, observe, exchange.services)
    assert advanced.changed
    assert advanced.batch == exchange.batch(batch_id)
    assert advanced.batch.upload == UPLOAD
    assert len(seen) == len(set(tried)) == MAX_CONFLICTS


async def test_a_batch_that_is_changed_all_the_time_is_left_for_later(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    tried = clash(exchange, MAX_CONFLICTS)
    with pytest.raises(Unavailable, match="changed by others all the time") as raised:
        await advance(batch_id, events.UploadSeen(UPLOAD), exchange.services)
    assert not isinstance(raised.value, WriteConflict)
    assert (len(tried), exchange.batch(batch_id).upload) == (MAX_CONFLICTS, None)


async def test_an_event_that_changes_nothing_writes_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    tried = clash(exchange, 0)
    advanced = await advance(batch_id, events.RobotAccepted(), exchange.services)
    assert (advanced.changed, advanced.batch, tried) == (False, exchange.batch(batch_id), [])


async def test_an_event_that_makes_nothing_due_sends_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    exchange.queues.sent.clear()
    await advance(batch_id, events.UploadSeen(UPLOAD), exchange.services)
    assert exchange.queues.sent == []


async def test_what_the_queue_does_not_take_is_no_error(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    await exchange.upload(batch_id)
    await exchange.call_back(batch_id)
    exchange.queues.down = True
    await exchange.validate(batch_id)
    assert exchange.batch(batch_id).validation is not None


async def test_there_has_to_be_such_a_batch(exchange: Exchange) -> None:
    with pytest.raises(NotFound):
        await advance(uuid4(), events.WorkContinued(), exchange.services)
