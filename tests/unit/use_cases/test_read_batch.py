import re
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.robots import BatchRobotResult
from exchange.domain.callers import CallingRobot, Role, User
from exchange.domain.errors import Forbidden, NotFound
from exchange.domain.robot_answer import RobotAnswer
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from tests.fakes.messaging import accept
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange

UNRELATED_CALLERS = [User("another requestor", frozenset({Role.REQUESTOR})), CallingRobot(UUID(int=7, version=4))]


def get_path(url: str | None) -> str | None:
    return url and url.partition("?")[0]


async def import_batch(exchange: Exchange) -> UUID:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    return batch_id


async def test_no_url_is_shown_before_its_blob_exists(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    for caller in (REQUESTOR, OPERATOR, exchange.calling_robot):
        read = await read_batch(batch_id, caller, exchange.services)
        assert (read.reference_data_url, read.result_storage_url) == (None, None)
        assert (read.validation_result_file, read.validation_result_url) == (None, None)
        assert (read.id, read.robot_id, read.reference_ids) == (batch_id, exchange.robot.id, exchange.reference_ids)


async def test_each_caller_sees_the_urls_that_they_may_use(exchange: Exchange) -> None:
    batch_id = await import_batch(exchange)
    batch = exchange.get_batch(batch_id)
    blobs = f"https://blobs.test/batches/{batch_id}"
    data = f"{blobs}/{batch.snapshot}/reference_data.jsonl"
    for caller, urls in (
        (REQUESTOR, (None, None)),
        (OPERATOR, (data, None)),
        (exchange.calling_robot, (data, None)),
    ):
        read = await read_batch(batch_id, caller, exchange.services)
        assert (get_path(read.reference_data_url), get_path(read.result_storage_url)) == urls
        assert get_path(read.validation_result_file) == f"{blobs}/{batch.report}/validation.txt"
        assert get_path(read.validation_result_url) == f"{blobs}/{batch.report}/validation.jsonl"


async def test_only_the_robot_may_upload_until_the_batch_has_ended(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    read = await read_batch(batch_id, exchange.calling_robot, exchange.services)
    assert get_path(read.result_storage_url) == f"https://blobs.test/results/{batch_id}.jsonl"
    for caller in (REQUESTOR, OPERATOR):
        assert (await read_batch(batch_id, caller, exchange.services)).result_storage_url is None
    await exchange.call_back(batch_id, "out of memory")
    read = await read_batch(batch_id, exchange.calling_robot, exchange.services)
    assert read.result_storage_url is None


async def test_the_response_to_a_request_is_what_can_be_read_afterwards(exchange: Exchange) -> None:
    request = BatchEnhancementRequestIn(
        robot_id=exchange.robot.id,
        reference_ids=exchange.reference_ids,
        source="a systematic review",
        metadata={"review": "R 7"},
    )
    registered = await register_batch(request, REQUESTOR, exchange.services)
    assert (registered.source, registered.request_status, registered.error) == ("a systematic review", "received", None)
    assert registered.metadata == {"review": "R 7"}
    assert await read_batch(registered.id, REQUESTOR, exchange.services) == registered


async def test_a_failed_batch_shows_its_error(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.call_back(batch_id, error="out of memory")
    read = await read_batch(batch_id, exchange.calling_robot, exchange.services)
    assert (read.request_status, read.error) == ("failed", "The robot reported an error: out of memory")


@pytest.mark.parametrize("caller", UNRELATED_CALLERS, ids=repr)
async def test_unrelated_callers_may_not_read_a_batch(exchange: Exchange, caller: User | CallingRobot) -> None:
    batch_id = await import_batch(exchange)
    with pytest.raises(Forbidden):
        await read_batch(batch_id, caller, exchange.services)
    with pytest.raises(NotFound):
        await read_batch(uuid4(), caller, exchange.services)


@pytest.mark.parametrize("error", [None, {"message": "it failed"}])
async def test_the_callback_of_another_robot_changes_nothing(exchange: Exchange, error: dict[str, str] | None) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    before = exchange.get_batch(batch_id)
    result = BatchRobotResult.model_validate({"request_id": str(batch_id), "error": error})
    with pytest.raises(Forbidden):
        await receive_callback(batch_id, result, CallingRobot(uuid4()), exchange.services)
    assert exchange.get_batch(batch_id) is before


async def test_a_batch_says_what_it_waits_for_while_its_robot_cannot_be_reached(exchange: Exchange) -> None:
    async def fail(_job: object) -> RobotAnswer:
        return RobotAnswer(None, "no answer within 30 s")

    exchange.robot_calls.behaviour = fail
    exchange.clock.now = 1_800_000_000.0
    batch_id = await exchange.register()
    before = await read_batch(batch_id, REQUESTOR, exchange.services)
    await exchange.dispatch(batch_id)
    waiting = await read_batch(batch_id, REQUESTOR, exchange.services)
    exchange.robot_calls.behaviour = accept
    exchange.clock.now += 60
    await exchange.dispatch(batch_id, 2)
    after = await read_batch(batch_id, REQUESTOR, exchange.services)
    assert (before.waiting_for, after.waiting_for) == (None, None)
    assert re.fullmatch(
        r"The robot cannot be reached: no answer within 30 s\. Next call at 08:00:0[5-7] UTC\.",
        waiting.waiting_for or "",
    )
