from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.robots import BatchRobotResult
from exchange.domain.callers import CallingRobot, User, Role
from exchange.domain.errors import Forbidden, NotFound
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.receive_callback import receive_callback
from tests.results import annotation
from tests.unit.use_cases.conftest import REQUESTOR, Exchange

OPERATOR = User("an operator", frozenset({Role.OPERATOR}))
STRANGERS = [User("somebody else", frozenset({Role.REQUESTOR})), CallingRobot(uuid4())]


def path(url: str | None) -> str | None:
    return url and url.partition("?")[0]


async def imported(exchange: Exchange) -> UUID:
    batch_id = await exchange.dispatched()
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    return batch_id


async def test_no_url_is_shown_before_something_is_behind_it(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    for caller in (REQUESTOR, OPERATOR, exchange.calling_robot):
        read = await read_batch(batch_id, caller, exchange.services)
        assert (read.reference_data_url, read.result_storage_url) == (None, None)
        assert (read.validation_result_file, read.validation_result_url) == (None, None)
        assert (read.id, read.robot_id, read.reference_ids) == (batch_id, exchange.robot.id, exchange.reference_ids)


async def test_each_url_leads_to_its_own_blob_and_is_shown_to_whom_it_is_for(exchange: Exchange) -> None:
    batch_id = await imported(exchange)
    batch = exchange.batch(batch_id)
    blobs = f"https://blobs.test/batches/{batch_id}"
    data, result = f"{blobs}/{batch.snapshot}/reference_data.jsonl", f"https://blobs.test/results/{batch_id}.jsonl"
    for caller, urls in (
        (REQUESTOR, (None, None)),
        (OPERATOR, (data, None)),
        (exchange.calling_robot, (data, result)),
    ):
        read = await read_batch(batch_id, caller, exchange.services)
        assert (path(read.reference_data_url), path(read.result_storage_url)) == urls
        assert path(read.validation_result_file) == f"{blobs}/{batch.report}/validation.txt"
        assert path(read.validation_result_url) == f"{blobs}/{batch.report}/validation.jsonl"


async def test_an_order_is_answered_as_it_can_be_read_afterwards(exchange: Exchange) -> None:
    order = BatchEnhancementRequestIn(
        robot_id=exchange.robot.id, reference_ids=exchange.reference_ids, source="a systematic review"
    )
    answer = await register_batch(order, REQUESTOR, exchange.services)
    assert (answer.source, answer.request_status, answer.error) == ("a systematic review", "received", None)
    assert await read_batch(answer.id, REQUESTOR, exchange.services) == answer


async def test_it_says_what_went_wrong(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    await exchange.call_back(batch_id, error="out of memory")
    read = await read_batch(batch_id, exchange.calling_robot, exchange.services)
    assert (read.request_status, read.error) == ("failed", "The robot reported an error: out of memory")


@pytest.mark.parametrize("stranger", STRANGERS, ids=repr)
async def test_strangers_see_nothing_of_it(exchange: Exchange, stranger: User | CallingRobot) -> None:
    batch_id = await imported(exchange)
    with pytest.raises(Forbidden):
        await read_batch(batch_id, stranger, exchange.services)
    with pytest.raises(NotFound):
        await read_batch(uuid4(), stranger, exchange.services)


@pytest.mark.parametrize("error", [None, {"message": "it failed"}])
async def test_another_robots_callback_changes_nothing(exchange: Exchange, error: dict[str, str] | None) -> None:
    batch_id = await exchange.dispatched()
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    before = exchange.batch(batch_id)
    body = BatchRobotResult.model_validate({"request_id": str(batch_id), "error": error})
    with pytest.raises(Forbidden):
        await receive_callback(body, CallingRobot(uuid4()), exchange.services)
    assert exchange.batch(batch_id) is before
