from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestDryRun, BatchEnhancementRequestIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import RobotSettings
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected, NotFound, TooLarge
from exchange.use_cases.dry_run import dry_run
from exchange.use_cases.manage_robots import configure_robot
from exchange.use_cases.register_batch import register_batch
from tests.fakes.world import LIMITS
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange


async def run(exchange: Exchange, reference_ids: list[UUID], user: User = REQUESTOR) -> BatchEnhancementRequestDryRun:
    request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=reference_ids)
    answer = await dry_run(request, user, exchange.services)
    assert not exchange.batches.items
    assert not exchange.files.blobs
    assert not exchange.queues.sent
    return answer


async def test_unknown_references_are_an_answer_in_the_order_of_the_request(exchange: Exchange) -> None:
    known, unknown = exchange.reference_ids, [uuid4() for _ in range(20)]
    assert await run(exchange, [*unknown[:7], *known, *unknown[7:]]) == BatchEnhancementRequestDryRun(
        robot_id=exchange.robot.id, requested=25, found=5, unknown=unknown
    )
    assert (await run(exchange, known)).unknown == []


async def test_a_hidden_reference_is_unknown_to_requestors_only(exchange: Exchange) -> None:
    hidden = await exchange.load(ReferenceFileInput.model_validate({"visibility": "hidden"}))
    assert (await run(exchange, [hidden])).unknown == [hidden]
    assert (await run(exchange, [hidden], OPERATOR)).found == 1


async def test_the_other_checks_apply(exchange: Exchange) -> None:
    first, *_ = exchange.reference_ids
    with pytest.raises(InputRejected, match="must not repeat an id"):
        await run(exchange, [first, first])
    with pytest.raises(TooLarge, match="at most 1000 ids"):
        await run(exchange, [uuid4() for _ in range(1001)])
    exchange.robot = exchange.robot.model_copy(update={"id": uuid4()})
    with pytest.raises(NotFound, match="robot"):
        await run(exchange, [first])


async def test_a_requestor_with_too_many_open_batches_may_still_check_a_request() -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"open_batches_limit": 1}))
    await exchange.populate()
    await exchange.register()
    request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids)
    assert (await dry_run(request, REQUESTOR, exchange.services)).found == 5


async def test_references_that_would_be_skipped_are_counted_if_they_are_to_be_skipped(exchange: Exchange) -> None:
    """The counted ones are those that a registration with the same request skips."""
    first, second, *others = exchange.reference_ids
    batch_id = await exchange.register()
    await exchange.dispatch(batch_id)
    await exchange.upload(batch_id, annotation(first), annotation(second))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    ids = [second, *others, first]
    request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=ids, skip_enhanced=True)
    with_unknown = request.model_copy(update={"reference_ids": [uuid4(), *ids]})
    answer = await dry_run(with_unknown, REQUESTOR, exchange.services)
    assert (answer.found, answer.skipped) == (5, 2)
    registered = await register_batch(request, REQUESTOR, exchange.services)
    assert registered.counts is not None
    assert registered.counts.skipped == answer.skipped
    await configure_robot(exchange.robot.id, RobotSettings(version="2"), exchange.services)
    assert (await dry_run(request, REQUESTOR, exchange.services)).skipped == 0
    without = request.model_copy(update={"skip_enhanced": False})
    assert (await dry_run(without, REQUESTOR, exchange.services)).skipped is None
