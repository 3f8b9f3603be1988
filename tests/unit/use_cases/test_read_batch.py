import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.base import to_time
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.robots import BatchRobotResult
from exchange.domain.callers import Caller, CallingRobot, Role, User
from exchange.domain.errors import Forbidden, NotFound
from exchange.domain.polling import FIRST_POLL_S
from exchange.domain.robot_answer import RobotAnswer
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.sweep import sweep
from tests.fakes.messaging import accept
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange, read_now

UNRELATED_CALLERS: list[Caller] = [
    User("another requestor", frozenset({Role.REQUESTOR})),
    CallingRobot(UUID(int=7, version=4)),
]


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
        read = await read_now(batch_id, caller, exchange.services)
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
        read = await read_now(batch_id, caller, exchange.services)
        assert (get_path(read.reference_data_url), get_path(read.result_storage_url)) == urls
        assert get_path(read.validation_result_file) == f"{blobs}/{batch.report}/validation.txt"
        assert get_path(read.validation_result_url) == f"{blobs}/{batch.report}/validation.jsonl"


async def test_only_the_robot_may_upload_until_the_batch_has_ended(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    read = await read_now(batch_id, exchange.calling_robot, exchange.services)
    assert get_path(read.result_storage_url) == f"https://blobs.test/results/{batch_id}.jsonl"
    for caller in (REQUESTOR, OPERATOR):
        assert (await read_now(batch_id, caller, exchange.services)).result_storage_url is None
    await exchange.call_back(batch_id, "out of memory")
    read = await read_now(batch_id, exchange.calling_robot, exchange.services)
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
    assert await read_now(registered.id, REQUESTOR, exchange.services) == registered


async def test_a_failed_batch_shows_its_error(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.call_back(batch_id, error="out of memory")
    read = await read_now(batch_id, exchange.calling_robot, exchange.services)
    assert (read.request_status, read.error) == ("failed", "The robot reported an error: out of memory")


@pytest.mark.parametrize("caller", UNRELATED_CALLERS, ids=repr)
async def test_unrelated_callers_may_not_read_a_batch(exchange: Exchange, caller: User | CallingRobot) -> None:
    batch_id = await import_batch(exchange)
    with pytest.raises(Forbidden):
        await read_now(batch_id, caller, exchange.services)
    with pytest.raises(NotFound):
        await read_now(uuid4(), caller, exchange.services)


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
    before = await read_now(batch_id, REQUESTOR, exchange.services)
    await exchange.dispatch(batch_id)
    waiting = await read_now(batch_id, REQUESTOR, exchange.services)
    exchange.robot_calls.behaviour = accept
    exchange.clock.now += 60
    await exchange.dispatch(batch_id, 2)
    after = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (before.waiting_for, after.waiting_for) == (None, None)
    assert re.fullmatch(
        r"The robot cannot be reached: no answer within 30 s\. Next call at 08:00:0[5-7] UTC\.",
        waiting.waiting_for or "",
    )


async def test_the_times_of_a_batch_are_those_of_its_events(exchange: Exchange) -> None:
    start = to_time(exchange.clock.now)
    batch_id = await exchange.register()
    registered = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (registered.created_at, registered.accepted_at) == (start, None)
    assert registered.expires_at == start + timedelta(hours=2)
    exchange.clock.now += 10
    await exchange.dispatch(batch_id)
    accepted = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (accepted.accepted_at, accepted.delivered_at) == (start + timedelta(seconds=10), None)
    assert accepted.expires_at == start + timedelta(days=1, seconds=10)
    exchange.clock.now += 10
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    await exchange.call_back(batch_id)
    delivered = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (delivered.delivered_at, delivered.ended_at) == (start + timedelta(seconds=20), None)
    exchange.clock.now += 10
    await exchange.run_import(batch_id)
    ended = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (ended.ended_at, ended.expires_at) == (start + timedelta(seconds=30), None)
    assert (ended.created_at, ended.accepted_at) == (start, start + timedelta(seconds=10))


async def test_a_batch_that_is_left_alone_ends_at_the_time_that_was_shown(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    shown = (await read_now(batch_id, REQUESTOR, exchange.services)).expires_at
    assert shown is not None
    exchange.clock.now = shown.timestamp() - 1
    await sweep(exchange.services)
    assert not exchange.get_batch(batch_id).ended
    exchange.clock.now = shown.timestamp()
    await sweep(exchange.services)
    assert exchange.get_batch(batch_id).ended


def count_calls(exchange: Exchange, calls: list[str]) -> None:
    """Record each call of the batch store and of the batch files."""
    for port, name in ((exchange.batches, "load"), (exchange.files, "read"), (exchange.files, "exists")):
        inner = getattr(port, name)

        def call(*args: Any, inner: Any = inner, name: str = name) -> Any:
            calls.append(name)
            return inner(*args)

        setattr(port, name, call)


@pytest.mark.parametrize(("include", "blobs"), [(True, ["read"]), (False, ["exists"])])
async def test_a_read_needs_one_item_and_at_most_one_blob(
    exchange: Exchange, *, include: bool, blobs: list[str]
) -> None:
    batch_id = await import_batch(exchange)
    calls: list[str] = []
    count_calls(exchange, calls)
    version = await read_batch(batch_id, REQUESTOR, exchange.services, include_reference_ids=include)
    assert calls == ["load", *blobs]
    assert version.batch is not None
    assert version.batch.reference_ids == (exchange.reference_ids if include else None)
    assert version.batch.validation_result_file is not None
    calls.clear()
    known = await read_batch(
        batch_id, REQUESTOR, exchange.services, include_reference_ids=include, known_tags={version.tag, "other"}
    )
    assert calls == ["load"]
    assert known == replace(version, batch=None)


async def test_an_open_batch_without_its_ids_needs_only_the_item(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    calls: list[str] = []
    count_calls(exchange, calls)
    await read_batch(batch_id, REQUESTOR, exchange.services, include_reference_ids=False)
    assert calls == ["load"]


async def test_the_tag_changes_with_the_batch_the_kind_of_caller_and_what_is_included(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    both = User(REQUESTOR.id, frozenset({Role.REQUESTOR, Role.OPERATOR}))

    async def list_tags() -> list[str]:
        return [
            (await read_batch(batch_id, caller, exchange.services, include_reference_ids=include)).tag
            for caller in (REQUESTOR, OPERATOR, exchange.calling_robot)
            for include in (True, False)
        ]

    before = await list_tags()
    assert await list_tags() == before
    assert (await read_batch(batch_id, both, exchange.services)).tag == before[2]
    await exchange.dispatch(batch_id)
    after = await list_tags()
    assert len({*before, *after}) == 12


@pytest.mark.parametrize(("lifetime_s", "period_s"), [(3600.0, 900.0), (86_400.0, 900.0), (600.0, 300.0), (2.0, 1.0)])
async def test_a_known_answer_counts_as_changed_long_before_its_urls_expire(
    exchange: Exchange, lifetime_s: float, period_s: float
) -> None:
    exchange.urls.lifetime_s = lifetime_s
    batch_id = await import_batch(exchange)
    start = exchange.clock.now = period_s * 1000
    tags = []
    for part in (0, 0.5, 0.999, 1, 1.5):
        exchange.clock.now = start + part * period_s
        tags.append((await read_batch(batch_id, REQUESTOR, exchange.services)).tag)
    assert len(set(tags[:3])) == len(set(tags[3:])) == 1
    assert tags[0] != tags[3]
    assert period_s <= lifetime_s / 2


async def test_any_tag_matches_a_star(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    assert (await read_batch(batch_id, REQUESTOR, exchange.services, known_tags={"*"})).batch is None
    with pytest.raises(Forbidden):
        await read_batch(batch_id, UNRELATED_CALLERS[0], exchange.services, known_tags={"*"})


async def test_a_requestor_is_told_when_to_read_again_until_the_end(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    assert (await read_batch(batch_id, REQUESTOR, exchange.services)).retry_after_s == FIRST_POLL_S
    await exchange.dispatch(batch_id)
    await exchange.call_back(batch_id, error="no")
    assert (await read_batch(batch_id, REQUESTOR, exchange.services)).retry_after_s is None


async def test_only_operators_see_the_trace_id(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    stored = await exchange.batches.load(batch_id)
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    await exchange.batches.replace(replace(stored.batch, trace=f"00-{trace_id}-b7ad6b7169203331-01"), stored.etag)
    assert (await read_now(batch_id, OPERATOR, exchange.services)).trace_id == trace_id
    for caller in (REQUESTOR, exchange.calling_robot):
        assert (await read_now(batch_id, caller, exchange.services)).trace_id is None


@pytest.mark.parametrize("trace", [None, "", "odd", "00-00000000000000000000000000000000-b7ad6b7169203331-01"])
async def test_a_batch_without_a_valid_trace_has_no_trace_id(exchange: Exchange, trace: str | None) -> None:
    batch_id = await exchange.register()
    stored = await exchange.batches.load(batch_id)
    await exchange.batches.replace(replace(stored.batch, trace=trace), stored.etag)
    assert (await read_now(batch_id, OPERATOR, exchange.services)).trace_id is None
