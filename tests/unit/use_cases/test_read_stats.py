from collections.abc import AsyncIterator
from dataclasses import replace
from typing import get_args
from uuid import uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import DeadLetterQueue, OverdueBatchRequest, Phase, UnreachablePart
from exchange.contract.webhooks import DeliveryState
from exchange.domain import batch as domain
from exchange.domain.division import Division, Part, Range
from exchange.domain.errors import Unavailable
from exchange.domain.id_list import IdList
from exchange.ports import OpenBatch
from exchange.use_cases.list_overdue import list_overdue
from exchange.use_cases.read_stats import read_stats
from tests.fakes import FakeBatchStore
from tests.fakes.world import START, World
from tests.ports.test_webhook_store import a_delivery
from tests.unit.domain.batches import a_batch


class UnavailableBatchStore(FakeBatchStore):
    async def list_open(self) -> AsyncIterator[OpenBatch]:
        raise Unavailable("The store of the batch request cannot be reached.")
        yield


@pytest.fixture
def world() -> World:
    return World()


def test_the_wire_has_every_phase_in_which_a_batch_is_open() -> None:
    assert set(get_args(Phase)) == set(domain.Phase) - {domain.Phase.ENDED}


async def test_open_batches_are_grouped_by_phase_with_the_age_of_the_oldest(world: World) -> None:
    world.clock.now = START + 1000
    importing = {"status": BatchStatus.IMPORTING}
    for age, fields in (
        (10.0, {}),
        (15.0, {"id_list": IdList(upload=uuid4(), etag="one")}),
        (30.0, {"status": BatchStatus.ACCEPTED, "due_at": START + 1001}),
        (20.0, importing),
        (40.0, {**importing, "import_started": True}),
        (50.0, {**importing, "import_started": True}),
        (60.0, {"status": BatchStatus.FAILED}),
        (70.0, {"division": Division()}),
        (70.0, {"part": Part(of=uuid4(), number=1, range=Range(start=0, count=1), holder=uuid4())}),
        (80.0, {**importing, "division": Division()}),
    ):
        await world.batches.create(a_batch(**{"created_at": world.clock.now - age, "due_at": START + 999, **fields}))
    stats = await read_stats(world.services)
    assert stats.open_batch_requests is not None
    assert [(item.request_status, item.phase, item.count, item.oldest_age_s) for item in stats.open_batch_requests] == [
        ("received", "reading", 1, 15),
        ("received", "received", 1, 10),
        ("accepted", "accepted", 1, 30),
        ("importing", "delivered", 1, 20),
        ("importing", "importing", 2, 50),
        ("accepted", "divided", 1, 70),
        ("importing", "reporting", 1, 80),
    ]
    assert stats.overdue == 8
    assert stats.unreachable == []


async def test_dead_letters_and_failed_deliveries_are_counted(world: World) -> None:
    for number, store in enumerate(world.dead_letters.values()):
        store.add_many(number)
    for state in DeliveryState:
        await world.webhook_deliveries.create(a_delivery(uuid4(), state=state))
    stats = await read_stats(world.services)
    counts = {item.queue: item.count for item in stats.dead_letters}
    assert counts == dict(zip(DeadLetterQueue, range(5), strict=True))
    assert stats.failed_webhook_deliveries == 1


async def test_a_part_that_cannot_be_read_is_null_and_the_others_are_read(world: World) -> None:
    world.dead_letters[DeadLetterQueue.IMPORT].down = True
    world.dead_letters[DeadLetterQueue.EVENTS].add_many(2)
    stats = await read_stats(replace(world.services, batches=UnavailableBatchStore()))
    assert (stats.open_batch_requests, stats.overdue) == (None, None)
    assert [item.count for item in stats.dead_letters] == [0, None, 0, 0, 2]
    reason = "The store of the batch request cannot be reached."
    assert stats.unreachable == [
        UnreachablePart(part="open_batch_requests", reason=reason),
        UnreachablePart(part="overdue", reason=reason),
        UnreachablePart(part="dead_letters.import", reason="The dead letters cannot be reached."),
    ]


async def test_overdue_batches_are_listed_longest_overdue_first(world: World) -> None:
    made = [a_batch(due_at=START - wait, created_at=START - 2 * wait) for wait in (10.0, 30.0, 20.0)]
    ended = a_batch(status=BatchStatus.FAILED, due_at=START - 40)
    for batch in (*made, ended, a_batch(due_at=START + 1)):
        await world.batches.create(batch)
    found = await list_overdue(3, world.services)
    assert [item.id for item in found.batch_requests] == [made[1].id, made[2].id, made[0].id]
    assert not found.truncated
    first = found.batch_requests[0]
    assert isinstance(first, OverdueBatchRequest)
    assert (first.phase, first.due_at.timestamp(), first.created_at.timestamp()) == ("received", START - 30, START - 60)
    fewer = await list_overdue(2, world.services)
    assert (len(fewer.batch_requests), fewer.truncated) == (2, True)


async def test_an_overdue_part_names_its_batch_request(world: World) -> None:
    part = Part(of=uuid4(), number=1, range=Range(start=0, count=1), holder=uuid4())
    await world.batches.create(a_batch(due_at=START - 1, part=part))
    (found,) = (await list_overdue(1, world.services)).batch_requests
    assert found.part_of == part.of
