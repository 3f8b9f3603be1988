import logging
from dataclasses import replace

import pytest

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import DeadLetterQueue
from exchange.domain.batch import Batch
from exchange.domain.division import Division, Lease, Part, Range
from exchange.domain.errors import Unavailable
from exchange.domain.lifecycle import register_part
from exchange.use_cases.collect_stats import collect_stats
from tests.fakes.world import DEADLINES, START, World
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
    (line,) = caplog.messages
    assert line == (
        "stats: open=0 received=0 accepted=0 importing=0 oldest_age_s=0 longest_overdue_s=0 longest_fetch_wait_s=0 "
        "poison_queue_depth=0 event_dead_letters=0"
    )


async def test_open_batches_and_dead_letters_are_counted(world: World) -> None:
    world.clock.now = START + 1000
    for status, age in ((BatchStatus.RECEIVED, 10), (BatchStatus.ACCEPTED, 120), (BatchStatus.ACCEPTED, 30)):
        await world.batches.create(a_batch(status=status, created_at=world.clock.now - age, due_at=world.clock.now))
    await world.batches.create(a_batch(status=BatchStatus.FAILED, due_at=None))
    world.dead_letters[DeadLetterQueue.BLOBS].add_many(4)
    world.dead_letters[DeadLetterQueue.EVENTS].add_many(5)
    stats = await collect_stats(world.services)
    assert str(stats) == (
        "open=3 received=1 accepted=2 importing=0 oldest_age_s=120 longest_overdue_s=0 longest_fetch_wait_s=0 "
        "poison_queue_depth=4 event_dead_letters=5"
    )


async def test_the_longest_passed_deadline_is_reported(world: World) -> None:
    for due_at in (START + 10, START - 30, START - 90):
        await world.batches.create(a_batch(created_at=START - 100, due_at=due_at))
    assert (await collect_stats(world.services)).longest_overdue_s == 90


async def test_the_references_that_waited_longest_are_reported_for_each_robot(world: World) -> None:
    waiting, served, leased = (
        a_batch(created_at=START - 1000, due_at=START + 1, division=Division()) for _ in range(3)
    )
    served = replace(served, division=Division(served_at=START - 40))
    same_robot = a_batch(robot_id=waiting.robot_id, created_at=START - 600, due_at=START + 1, division=Division())
    part = make_part(leased, until=START + 60)
    done = replace(leased, division=Division(made=1, next_start=1))
    for batch in (waiting, same_robot, served, part, done):
        await world.batches.create(batch)
    stats = await collect_stats(world.services)
    assert stats.fetch_waits_s == {waiting.robot_id: 1000, served.robot_id: 40}
    world.clock.now += 65
    assert (await collect_stats(world.services)).fetch_waits_s[leased.robot_id] == 5


async def test_the_age_of_batches_without_a_last_moment_does_not_count(world: World) -> None:
    """A lease can be renewed for ever, and a batch request has as many parts as it needs."""
    request = a_batch(created_at=START - 1000, due_at=START + 1, division=Division(size=1))
    fetched, sent = make_part(request, until=START + 60), make_part(request, number=2)
    for batch, age in ((request, 1000), (fetched, 500), (sent, 100)):
        await world.batches.create(replace(batch, created_at=START - age))
    stats = await collect_stats(world.services)
    assert stats.oldest_age_s == 100
    assert sum(stats.open_batches.values()) == 1


def make_part(request: Batch, number: int = 1, until: float | None = None) -> Batch:
    part = Part(of=request.id, number=number, range=Range(start=0, count=1), holder=request.id)
    lease = None if until is None else Lease(until=until)
    return register_part(request, part, lease, START, DEADLINES).batch


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
