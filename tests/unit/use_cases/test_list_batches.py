from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestSummary, BatchListQuery, BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.callers import User, Role
from exchange.use_cases.list_batches import list_batches
from tests.fakes.world import START, World

REQUESTOR = User("a requestor", frozenset({Role.REQUESTOR}))
OPERATOR = User("an operator", frozenset({Role.OPERATOR}))


def batch(number: int) -> Batch:
    return Batch(
        id=UUID(f"{number:08}-0000-4000-8000-000000000000"),
        robot_id=UUID("99999999-0000-4000-8000-000000000000"),
        requestor=REQUESTOR.id,
        source="me",
        references=3,
        created_at=START + number,
        status=BatchStatus.FAILED,
        error="It failed.",
        attempt_due_at=START,
    )


async def listed(world: World, caller: User, **query: str) -> list[UUID]:
    page = await list_batches(BatchListQuery.model_validate(query), caller, world.services)
    return [item.id for item in page.batch_requests]


async def test_a_summary_says_what_was_asked_and_what_came_of_it() -> None:
    world = World()
    await world.batches.create(batch(1))
    page = await list_batches(BatchListQuery(), REQUESTOR, world.services)
    assert page.continuation is None
    assert page.batch_requests == [
        BatchEnhancementRequestSummary(
            id=batch(1).id,
            robot_id=batch(1).robot_id,
            source="me",
            request_status=BatchStatus.FAILED,
            error="It failed.",
            references=3,
            created_at=datetime(2027, 1, 15, 8, 0, 1, tzinfo=UTC),
        )
    ]


async def test_a_requestor_sees_their_own_and_an_operator_everyones_of_the_status_asked_for() -> None:
    world = World()
    for item in (batch(1), replace(batch(2), status=BatchStatus.RECEIVED), replace(batch(3), requestor="other")):
        await world.batches.create(item)
    assert await listed(world, REQUESTOR) == [batch(2).id, batch(1).id]
    assert await listed(world, OPERATOR) == [batch(3).id, batch(2).id, batch(1).id]
    assert await listed(world, OPERATOR, status="failed") == [batch(3).id, batch(1).id]
    assert await listed(world, REQUESTOR, status="failed") == [batch(1).id]


async def test_one_page_goes_on_where_the_other_ended() -> None:
    world = World()
    for number in range(52):
        await world.batches.create(batch(number))
    first = await list_batches(BatchListQuery(), REQUESTOR, world.services)
    second = await list_batches(BatchListQuery(continuation=first.continuation), REQUESTOR, world.services)
    assert (len(first.batch_requests), second.continuation) == (50, None)
    both = [item.id for item in (*first.batch_requests, *second.batch_requests)]
    assert both == [batch(number).id for number in reversed(range(52))]
