from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestSummary, BatchListQuery, BatchStatus
from exchange.contract.reports import ReferenceCounts
from exchange.domain.batch import Batch
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected
from exchange.use_cases.list_batches import list_batches
from tests.fakes.world import START, World
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR


def make_batch(number: int) -> Batch:
    return Batch(
        id=UUID(f"{number:08}-0000-4000-8000-000000000000"),
        robot_id=UUID("99999999-0000-4000-8000-000000000000"),
        requestor=REQUESTOR.id,
        source="me",
        metadata={"review": "文"},
        reference_count=3,
        created_at=START + number,
        status=BatchStatus.FAILED,
        error="It failed.",
        attempt_due_at=START,
        ended_at=START + 2,
    )


async def list_ids(world: World, user: User, **query: str) -> list[UUID]:
    page = await list_batches(BatchListQuery.model_validate(query), user, world.services)
    return [item.id for item in page.batch_requests]


async def test_a_summary_has_the_request_and_its_status() -> None:
    world = World()
    await world.batches.create(replace(make_batch(1), retried_as=make_batch(2).id))
    page = await list_batches(BatchListQuery(), REQUESTOR, world.services)
    assert page.continuation is None
    assert page.batch_requests == [
        BatchEnhancementRequestSummary(
            id=make_batch(1).id,
            robot_id=make_batch(1).robot_id,
            source="me",
            metadata={"review": "文"},
            request_status=BatchStatus.FAILED,
            error="It failed.",
            counts=ReferenceCounts(requested=3, failed=3),
            references=3,
            retried_as=make_batch(2).id,
            created_at=datetime(2027, 1, 15, 8, 0, 1, tzinfo=UTC),
            ended_at=datetime(2027, 1, 15, 8, 0, 2, tzinfo=UTC),
        )
    ]


async def test_requestors_see_their_own_batches_and_operators_see_all_filtered_by_status() -> None:
    world = World()
    for batch in (
        make_batch(1),
        replace(make_batch(2), status=BatchStatus.RECEIVED),
        replace(make_batch(3), requestor="other"),
    ):
        await world.batches.create(batch)
    assert await list_ids(world, REQUESTOR) == [make_batch(2).id, make_batch(1).id]
    assert await list_ids(world, OPERATOR) == [make_batch(3).id, make_batch(2).id, make_batch(1).id]
    assert await list_ids(world, OPERATOR, status="failed") == [make_batch(3).id, make_batch(1).id]
    assert await list_ids(world, REQUESTOR, status="failed") == [make_batch(1).id]


async def test_the_second_page_continues_after_the_first() -> None:
    world = World()
    for number in range(52):
        await world.batches.create(make_batch(number))
    first = await list_batches(BatchListQuery(), REQUESTOR, world.services)
    second = await list_batches(BatchListQuery(continuation=first.continuation), REQUESTOR, world.services)
    assert (len(first.batch_requests), second.continuation) == (50, None)
    both = [item.id for item in (*first.batch_requests, *second.batch_requests)]
    assert both == [make_batch(number).id for number in reversed(range(52))]


async def test_every_filter_of_the_query_reaches_the_store() -> None:
    world = World()
    for number in range(3):
        await world.batches.create(make_batch(number))
    one = make_batch(1)
    everything = {
        "status": "failed,rejected",
        "robot_id": str(one.robot_id),
        "source": "me",
        "created_after": "2027-01-15T08:00:00Z",
        "created_before": "2027-01-15T08:00:02Z",
        "metadata.review": "文",
        "limit": "1",
    }
    assert await list_ids(world, REQUESTOR, **everything) == [one.id]
    for name, value in {
        "status": "rejected",
        "robot_id": str(one.id),
        "source": "you",
        "created_after": "2027-01-15T08:00:01Z",
        "created_before": "2027-01-15T08:00:01Z",
        "metadata.review": "7",
        "metadata.other": "文",
    }.items():
        assert await list_ids(world, REQUESTOR, **{**everything, name: value}) == [], name


async def test_a_continuation_cannot_be_used_with_other_filters_or_by_another_caller() -> None:
    world = World()
    for number in range(3):
        await world.batches.create(make_batch(number))
    first = await list_batches(BatchListQuery(limit=1), REQUESTOR, world.services)
    continuation = first.continuation or ""
    assert await list_ids(world, REQUESTOR, continuation=continuation, limit="2") == [make_batch(n).id for n in (1, 0)]
    with pytest.raises(InputRejected, match="with the same filters"):
        await list_ids(world, REQUESTOR, continuation=continuation, status="failed")
    with pytest.raises(InputRejected, match="with the same filters"):
        await list_ids(world, OPERATOR, continuation=continuation)
