from dataclasses import replace
from uuid import uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.errors import NotFound
from exchange.use_cases.read_robot_activity import MAX_BATCHES, read_robot_activity
from tests.unit.use_cases.conftest import Exchange

DAY_S = 86_400.0


async def add(exchange: Exchange, batch: Batch, count: int, age_s: float = 0.0) -> None:
    """Store copies of a batch that were created so long ago."""
    for _ in range(count):
        await exchange.batches.create(replace(batch, id=uuid4(), created_at=exchange.clock() - age_s))


async def test_a_whole_batch_is_seen_in_the_activity_of_its_robot(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    waiting = await read_robot_activity(exchange.robot.id, exchange.services)
    assert (waiting.waiting, waiting.last_30_days.batches[BatchStatus.ACCEPTED]) == (1, 1)
    exchange.clock.now += 60
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    done = await read_robot_activity(exchange.robot.id, exchange.services)
    assert (done.waiting, done.last_30_days.references_enhanced, done.last_30_days.references_failed) == (0, 5, 0)
    assert done.last_30_days.median_seconds_to_deliver == 60.0
    assert done.last_seen_at is not None
    assert done.last_seen_at.timestamp() == exchange.clock.now


async def test_other_robots_and_older_batches_do_not_count(exchange: Exchange) -> None:
    batch = exchange.get_batch(await exchange.register())
    await add(exchange, batch, 2, age_s=29.9 * DAY_S)
    await add(exchange, batch, 4, age_s=30.1 * DAY_S)
    await add(exchange, replace(batch, robot_id=uuid4()), 8)
    activity = await read_robot_activity(exchange.robot.id, exchange.services)
    assert activity.waiting == activity.last_30_days.batches[BatchStatus.RECEIVED] == 3


async def test_only_the_newest_batches_are_read(exchange: Exchange) -> None:
    batch = exchange.get_batch(await exchange.register())
    await add(exchange, replace(batch, accepted_at=exchange.clock() + 1000), 1, age_s=DAY_S)
    await add(exchange, batch, MAX_BATCHES - 2)
    whole = await read_robot_activity(exchange.robot.id, exchange.services)
    assert (whole.waiting, whole.last_30_days.truncated) == (MAX_BATCHES, False)
    assert whole.last_seen_at is not None
    await add(exchange, batch, 1)
    newest = await read_robot_activity(exchange.robot.id, exchange.services)
    assert (newest.waiting, newest.last_30_days.truncated) == (MAX_BATCHES, True)
    assert newest.last_seen_at is None


async def test_an_unknown_robot_has_no_activity(exchange: Exchange) -> None:
    with pytest.raises(NotFound):
        await read_robot_activity(uuid4(), exchange.services)
