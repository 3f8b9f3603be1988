from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import RobotSettings
from exchange.domain.errors import Conflict, InputRejected, NotFound, TooLarge, TooManyOpenBatches
from exchange.domain.messages import DispatchMessage
from exchange.use_cases.manage_robots import configure_robot
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.sweep import sweep
from tests.fakes.world import LIMITS
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda ids: [*ids, ids[0]], InputRejected, "must not repeat an id"),
        (lambda ids: [*ids, uuid4(), uuid4()], NotFound, "contains unknown references"),
        (lambda _ids: [uuid4() for _ in range(1001)], TooLarge, "at most 1000 ids"),
    ],
)
async def test_an_invalid_request_stores_and_sends_nothing(
    exchange: Exchange, change: Callable[[list[UUID]], list[UUID]], error: type[Exception], message: str
) -> None:
    exchange.reference_ids = change(exchange.reference_ids)
    with pytest.raises(error, match=message):
        await exchange.register()
    assert not exchange.batches.items
    assert not exchange.files.blobs
    assert not exchange.queues.sent


async def test_a_request_may_have_as_many_references_as_the_limit() -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"references_per_batch_limit": 5}))
    await exchange.populate(5)
    assert exchange.get_batch(await exchange.register()).reference_count == 5


async def test_a_requestor_with_too_many_open_batches_must_wait_until_one_ends() -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"open_batches_limit": 2}))
    await exchange.populate()
    first, _ = await exchange.register_and_dispatch(), await exchange.register()
    with pytest.raises(TooManyOpenBatches, match="You have 2 batch requests") as raised:
        await exchange.register()
    assert (raised.value.retry_after_s or 0) > 0
    assert len(exchange.batches.items) == 2
    await exchange.call_back(first, error="no")
    assert await exchange.register() in exchange.batches.items


async def test_the_error_names_the_unknown_robot_and_every_unknown_reference(exchange: Exchange) -> None:
    known, unknown = exchange.reference_ids, [uuid4() for _ in range(30)]
    exchange.reference_ids = known + unknown
    exchange.robot = exchange.robot.model_copy(update={"id": uuid4()})
    with pytest.raises(NotFound) as raised:
        await exchange.register()
    robot_fault, references_fault = raised.value.faults
    assert str(exchange.robot.id) in robot_fault
    assert all(str(item) in references_fault for item in unknown)
    assert not any(str(item) in references_fault for item in known)


async def test_only_operators_can_request_enhancements_of_hidden_references(exchange: Exchange) -> None:
    hidden = await exchange.load(ReferenceFileInput.model_validate({"visibility": "hidden"}))
    request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=[*exchange.reference_ids, hidden])
    with pytest.raises(NotFound, match=rf"unknown references: {hidden}\."):
        await register_batch(request, REQUESTOR, exchange.services)
    assert hidden in ((await register_batch(request, OPERATOR, exchange.services)).reference_ids or [])


async def test_the_dispatch_message_is_sent_immediately(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    assert exchange.queues.sent == [DispatchMessage(batch_id, 1)]


async def test_a_batch_registered_while_the_queue_is_down_is_dispatched_by_the_sweep(exchange: Exchange) -> None:
    exchange.queues.down = True
    batch_id = await exchange.register()
    exchange.queues.down = False
    exchange.clock.now += 300
    await sweep(exchange.services)
    assert exchange.queues.sent == [DispatchMessage(batch_id, 1)]


async def test_a_disabled_robot_takes_no_new_batches_and_finishes_its_open_ones(exchange: Exchange) -> None:
    accepted, received = await exchange.dispatch_and_upload(), await exchange.register()
    await configure_robot(exchange.robot.id, RobotSettings(enabled=False), exchange.services)
    with pytest.raises(Conflict, match="is disabled"):
        await exchange.register()
    assert set(exchange.batches.items) == {accepted, received}
    await exchange.call_back(accepted)
    await exchange.run_import(accepted)
    assert exchange.get_batch(accepted).status == "completed"
    await exchange.dispatch(received)
    assert exchange.get_batch(received).status == "accepted"
    await configure_robot(exchange.robot.id, RobotSettings(enabled=True), exchange.services)
    assert await exchange.register() in exchange.batches.items
