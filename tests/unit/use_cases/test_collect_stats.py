import logging
from dataclasses import replace

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.errors import Unavailable
from exchange.use_cases.collect_stats import collect_stats
from tests.ports.test_batch_store import a_batch
from tests.fakes import World
from tests.fakes.world import START


@pytest.fixture
def world() -> World:
    return World()


async def test_an_exchange_without_work_has_zeros(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.batches.create(a_batch(status=BatchStatus.COMPLETED, due_at=None))
    with caplog.at_level(logging.INFO):
        vitals = await collect_stats(world.services)
    assert vitals.unfinished == {BatchStatus.RECEIVED: 0, BatchStatus.ACCEPTED: 0, BatchStatus.IMPORTING: 0}
    assert vitals.oldest_age_s == 0
    assert caplog.messages == [
        "vitals: 0 open (received 0, accepted 0, importing 0), the oldest for 0 s, 0 poisoned, 0 events undelivered"
    ]


async def test_counts_what_is_open_and_what_was_given_up(world: World) -> None:
    world.clock.now = START + 1000
    for status, age in ((BatchStatus.RECEIVED, 10), (BatchStatus.ACCEPTED, 120), (BatchStatus.ACCEPTED, 30)):
        await world.batches.create(replace(a_batch(status=status), created_at=world.clock.now - age))
    await world.batches.create(a_batch(status=BatchStatus.FAILED, due_at=None))
    world.dead_letters.poison, world.dead_letters.dead_letters = 4, 5
    vitals = await collect_stats(world.services)
    assert str(vitals) == (
        "3 open (received 1, accepted 2, importing 0), the oldest for 120 s, 4 poisoned, 5 events undelivered"
    )


async def test_what_can_not_be_counted_is_raised(world: World) -> None:
    world.dead_letters.down = True
    with pytest.raises(Unavailable):
        await collect_stats(world.services)


async def test_a_status_that_is_open_is_counted_whichever_it_is(world: World) -> None:
    statuses = [BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING]
    for status in BatchStatus:
        batch = a_batch(status=status)
        await world.batches.create(batch if not batch.ended else replace(batch, due_at=None))
    assert dict((await collect_stats(world.services)).unfinished) == dict.fromkeys(statuses, 1)
