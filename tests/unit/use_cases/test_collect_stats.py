import logging
from dataclasses import replace

import pytest

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import DeadLetterQueue
from exchange.domain.errors import Unavailable
from exchange.use_cases.collect_stats import collect_stats
from tests.fakes.world import START, World
from tests.unit.domain.batches import a_batch


@pytest.fixture
def world() -> World:
    return World()


async def test_all_counts_are_zero_without_open_batches(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.batches.create(a_batch(status=BatchStatus.COMPLETED, due_at=None))
    with caplog.at_level(logging.INFO):
        stats = await collect_stats(world.services)
    assert stats.open_batches == {BatchStatus.RECEIVED: 0, BatchStatus.ACCEPTED: 0, BatchStatus.IMPORTING: 0}
    assert stats.oldest_age_s == 0
    assert caplog.messages == [
        "stats: open=0 received=0 accepted=0 importing=0 oldest_age_s=0 poison_queue_depth=0 event_dead_letters=0"
    ]


async def test_open_batches_and_dead_letters_are_counted(world: World) -> None:
    world.clock.now = START + 1000
    for status, age in ((BatchStatus.RECEIVED, 10), (BatchStatus.ACCEPTED, 120), (BatchStatus.ACCEPTED, 30)):
        await world.batches.create(a_batch(status=status, created_at=world.clock.now - age, due_at=world.clock.now))
    await world.batches.create(a_batch(status=BatchStatus.FAILED, due_at=None))
    world.dead_letters[DeadLetterQueue.BLOBS].add_many(4)
    world.dead_letters[DeadLetterQueue.EVENTS].add_many(5)
    stats = await collect_stats(world.services)
    assert str(stats) == (
        "open=3 received=1 accepted=2 importing=0 oldest_age_s=120 poison_queue_depth=4 event_dead_letters=5"
    )


async def test_dead_letters_that_cannot_be_counted_raise_unavailable(world: World) -> None:
    world.dead_letters[DeadLetterQueue.BLOBS].down = True
    with pytest.raises(Unavailable):
        await collect_stats(world.services)


async def test_every_status_that_is_not_final_is_counted(world: World) -> None:
    statuses = [BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING]
    for status in BatchStatus:
        batch = a_batch(status=status)
        await world.batches.create(batch if batch.ended else replace(batch, due_at=START))
    assert dict((await collect_stats(world.services)).open_batches) == dict.fromkeys(statuses, 1)
