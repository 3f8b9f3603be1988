"""The parts of batch requests in every `BatchStore`: what robots may fetch, and what lists do not have."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.division import Division, Lease, Part, PartOutcome, Range, derive_part_id
from exchange.domain.errors import NameTaken
from exchange.domain.lifecycle import register_part
from exchange.domain.listing import BatchFilter
from exchange.ports import BatchStore
from tests.fakes.world import DEADLINES, START
from tests.ports.test_batch_store import a_batch

NOW = START + 1000
TEN = Range(start=0, count=10)


def in_parts(**fields: object) -> Batch:
    return a_batch(**{"reference_count": 100, "division": Division(), **fields})


def a_part(request: Batch, number: int, *, holder: UUID | None = None, until: float | None = None) -> Batch:
    part = Part(of=request.id, number=number, range=TEN, holder=holder or uuid4())
    lease = None if until is None else Lease(until=until)
    return register_part(request, part, lease, NOW, DEADLINES).batch


async def test_a_batch_in_parts_and_its_parts_are_read_back_unchanged(batches: BatchStore) -> None:
    ended = PartOutcome(status=BatchStatus.PARTIAL_FAILED, enhanced=9, failed=1, added=9, entries={"total": 10})
    back = PartOutcome(status=BatchStatus.FAILED, returned=replace(TEN, expiries=1))
    division = Division(size=10, given_up=True).cut(TEN, NOW).cut(replace(TEN, start=10), NOW + 0.5)
    request = in_parts(division=division.end_part(1, ended).end_part(2, back))
    for batch in (request, in_parts(), a_part(request, 3), a_part(request, 4, until=NOW + 0.25)):
        await batches.create(batch)
        assert (await batches.load(batch.id)).batch == batch


@pytest.mark.parametrize("until", [None, NOW])
async def test_only_one_run_makes_the_part_with_a_number(batches: BatchStore, until: float | None) -> None:
    request, holder = in_parts(), uuid4()
    first = a_part(request, 1, holder=holder, until=until)
    await batches.create(first)
    await batches.create(a_part(request, 1, holder=holder, until=until))
    with pytest.raises(NameTaken):
        await batches.create(a_part(request, 1, until=until))
    assert (await batches.load(derive_part_id(request.id, 1))).batch == first


async def test_what_a_robot_may_fetch_is_listed_longest_waiting_first(batches: BatchStore) -> None:
    robot = uuid4()
    oldest, served, fresh = (in_parts(robot_id=robot, created_at=START + age) for age in (1, 2, 30))
    served = replace(served, division=Division(served_at=START + 20))
    expired = a_part(oldest, 1, until=START + 10)
    others = [
        a_part(oldest, 2, until=NOW + 1),
        a_part(oldest, 3),
        in_parts(robot_id=robot, division=Division(size=10)),
        in_parts(robot_id=robot, cancel_requested_at=START),
        in_parts(robot_id=robot, division=Division(next_start=100)),
        in_parts(robot_id=robot, division=Division(given_up=True)),
        in_parts(robot_id=robot, status=BatchStatus.FAILED),
        a_batch(robot_id=robot),
        in_parts(),
    ]
    for batch in (*others, fresh, expired, served, oldest):
        await batches.create(batch)
    waiting = [oldest.id, expired.id, served.id, fresh.id]
    assert list(await batches.list_available(robot, NOW, 10)) == waiting
    assert list(await batches.list_available(robot, NOW, 2)) == waiting[:2]
    assert list(await batches.list_available(robot, START + 10, 10)) == waiting[:2]
    assert list(await batches.list_available(robot, NOW + 1, 10)) == [*waiting, others[0].id]
    assert list(await batches.list_available(uuid4(), NOW, 10)) == []


async def test_a_delivered_part_is_not_fetched(batches: BatchStore) -> None:
    part = a_part(in_parts(), 1, until=START)
    await batches.create(part)
    assert list(await batches.list_available(part.robot_id, NOW, 10)) == [part.id]
    stored = await batches.load(part.id)
    await batches.replace(replace(part, status=BatchStatus.IMPORTING), stored.etag)
    assert list(await batches.list_available(part.robot_id, NOW, 10)) == []


async def test_the_parts_of_a_batch_request_are_listed_by_number(batches: BatchStore) -> None:
    request = in_parts()
    parts = [a_part(request, number) for number in range(1, 13)]
    for batch in (*parts[::-1], request, a_part(in_parts(), 1)):
        await batches.create(batch)
    assert list(await batches.list_parts(request.id, 0, 100)) == parts
    assert list(await batches.list_parts(request.id, 9, 2)) == parts[9:11]
    assert list(await batches.list_parts(request.id, 12, 2)) == []


async def test_lists_and_limits_have_batch_requests_without_their_parts(batches: BatchStore) -> None:
    requestor, robot = f"requestor {uuid4()}", uuid4()
    request = in_parts(requestor=requestor, robot_id=robot, created_at=START - 2e6)
    part, fetched = (
        replace(a_part(request, number, until=until), created_at=START - 2e6 - number)
        for number, until in ((1, None), (2, NOW + 0.5))
    )
    for batch in (request, part, fetched):
        await batches.create(batch)
    assert await batches.count_open(requestor, 10) == 1
    page = await batches.list_page(BatchFilter(requestor=requestor), 10, None)
    assert list(page.batches) == [request]
    assert list(await batches.list_of_robot(robot, 0.0, 10)) == [request]
    times = {request.created_at, part.created_at, fetched.created_at}
    found = [item async for item in batches.list_open() if item.created_at in times]
    assert {item.robot_id for item in found} == {robot}
    assert sorted((item.is_part, item.in_parts, item.is_leased, item.available_at) for item in found) == [
        (False, True, False, request.created_at),
        (True, False, False, None),
        (True, False, True, NOW + 0.5),
    ]
    assert part.due_at is not None
    overdue = [batch_id async for batch_id in batches.list_overdue(part.due_at) if batch_id == part.id]
    assert overdue == [part.id]
