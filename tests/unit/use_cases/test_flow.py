"""The flow's steps together, on fakes: what arrives twice, out of order, or not at all."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchRobotRequest, BatchRobotResult
from exchange.domain import blob_names, report
from exchange.domain.batch import Batch
from exchange.domain.callers import User, Role
from exchange.domain.errors import (
    Conflict,
    InputRejected,
    NotFound,
    ResultMissing,
    TooLarge,
    TooManyOpenBatches,
    Unavailable,
)
from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.use_cases.import_results import import_results
from exchange.use_cases.import_chunk import import_chunk, next_chunk
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.sweep import sweep
from tests.fakes.files import FakeWriter
from tests.fakes.messaging import accept
from tests.fakes.world import LIMITS
from tests.results import annotation, jsonl
from tests.unit.use_cases.conftest import REQUESTOR, Exchange


async def delivered(exchange: Exchange) -> UUID:
    batch_id = await exchange.dispatched()
    await exchange.upload(batch_id, *(annotation(item) for item in exchange.reference_ids))
    return batch_id


class TestWholeFlow:
    async def test_every_reference_enhanced_is_completed(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.validate(batch_id)
        assert await exchange.call_back(batch_id) == "importing"
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "completed"
        assert exchange.report(batch_id) == [f"Reference {item}: Enhancement added." for item in exchange.reference_ids]
        assert len(exchange.references.enhancements) == 5
        assert not [name for name in exchange.files.blobs if "/refused/" in name]
        for item in exchange.reference_ids:
            (enhancement,) = exchange.references.enhancements_of(item)
            sent = json.loads(enhancement.model_dump_json(exclude_unset=True))
            assert {**sent, "id": None} == {**annotation(item), "id": None}

    async def test_a_mixed_file_is_partial_failed_and_every_line_has_its_say(self, exchange: Exchange) -> None:
        one, two, three, four, _five = exchange.reference_ids
        stranger = uuid4()
        batch_id = await exchange.dispatched()
        await exchange.upload(
            batch_id,
            annotation(one),
            b"not json",
            b"   ",
            annotation(one),
            annotation(stranger),
            {"reference_id": str(two), "message": "no\nabstract"},
            annotation(three, source=7),
            annotation(four, label="first"),
            annotation(four, label="second"),
        )
        await exchange.validate(batch_id)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "partial_failed"
        lines = exchange.report(batch_id)
        assert lines[0] == f"Reference {one}: {report.ADDED}"
        assert lines[1].startswith("Entry 2: Could not be read: Invalid JSON")
        assert lines[2] == f"Reference {one}: {report.REPEATED}"
        assert lines[3] == f"Reference {stranger}: {report.NOT_REQUESTED}"
        assert lines[4] == f"Reference {two}: The robot reported: no abstract"
        assert lines[5] == "Entry 6: Could not be read: source: Input should be a valid string"
        assert lines[6:8] == [f"Reference {four}: {report.ADDED}"] * 2
        assert sorted(lines[8:]) == sorted(f"Reference {item}: {report.MISSING}" for item in (three, _five))
        entries = exchange.report_entries(batch_id)
        assert [entry["error"] is None for entry in entries] == [line.endswith(report.ADDED) for line in lines]
        assert [entry["reference_id"] for entry in entries][1] is None

    @pytest.mark.parametrize("entries", [(), (b"nothing",), (b"", b" ")])
    async def test_nothing_usable_is_failed_with_a_report(self, exchange: Exchange, entries: tuple[bytes, ...]) -> None:
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, *entries)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        batch = exchange.batch(batch_id)
        assert batch.status == "failed"
        assert batch.error is not None
        assert len(exchange.report(batch_id)) == len([entry for entry in entries if entry.strip()]) + 5

    async def test_the_last_line_may_end_without_a_line_feed(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        await exchange.results.put(
            batch_id, jsonl(*(annotation(item) for item in exchange.reference_ids)).rstrip(b"\n")
        )
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert (exchange.batch(batch_id).status, len(exchange.references.enhancements)) == ("completed", 5)

    async def test_a_file_of_as_much_as_is_allowed_is_a_result(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        good = jsonl(*(annotation(item) for item in exchange.reference_ids))
        useless = b"x\n" * 100
        blanks = b" " * ((1 << 22) - len(good) - len(useless))
        await exchange.results.put(batch_id, good + useless + blanks)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert (exchange.batch(batch_id).status, exchange.batch(batch_id).error) == ("partial_failed", None)
        assert len(exchange.references.enhancements) == 5

    async def test_a_file_larger_than_the_limit_is_not_read(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        await exchange.results.put(batch_id, b" " * ((1 << 22) + 1))
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).error == "The result file has 4194305 bytes; at most 4194304 are taken."

    async def test_a_file_of_nothing_but_useless_entries_is_no_result(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        good = [annotation(item) for item in exchange.reference_ids]
        await exchange.upload(batch_id, *good, *(b"x" for _ in range(101)))
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        batch = exchange.batch(batch_id)
        assert (batch.status, "More than 100 entries can't be read" in (batch.error or "")) == ("failed", True)
        assert not exchange.references.enhancements
        assert exchange.report(batch_id) == [f"Reference {item}: {report.MISSING}" for item in exchange.reference_ids]

    async def test_whatever_is_done_again_adds_nothing(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        for _ in range(3):
            await exchange.dispatch(batch_id)
            await exchange.validate(batch_id)
        for _ in range(3):
            await exchange.call_back(batch_id)
        for _ in range(3):
            await exchange.run_import(batch_id)
        await exchange.validate(batch_id)
        assert await exchange.call_back(batch_id) == "completed"
        assert len(exchange.references.enhancements) == 5
        assert len(exchange.robot_calls.jobs) == 1
        validations = [name for name in exchange.files.blobs if name.endswith("accepted.jsonl")]
        assert len(validations) == 1


class TestRegister:
    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            (lambda ids: [*ids, ids[0]], InputRejected, "each reference may be named once"),
            (lambda ids: [*ids, uuid4(), uuid4()], NotFound, "there are no such references"),
            (lambda _ids: [uuid4() for _ in range(1001)], TooLarge, "at most 1000 references"),
        ],
    )
    async def test_a_bad_order_leaves_nothing_behind(
        self, exchange: Exchange, change: Callable[[list[UUID]], list[UUID]], error: type[Exception], words: str
    ) -> None:
        exchange.reference_ids = change(exchange.reference_ids)
        with pytest.raises(error, match=words):
            await exchange.register()
        assert not exchange.batches.items
        assert not exchange.files.blobs
        assert not exchange.queues.sent

    async def test_a_batch_may_ask_for_as_many_as_is_allowed(self) -> None:
        exchange = Exchange(limits=replace(LIMITS, references_per_batch_limit=5))
        await exchange.populate(5)
        assert exchange.batch(await exchange.register()).references == 5

    async def test_whoever_has_too_many_open_batches_waits_for_one_to_end(self) -> None:
        exchange = Exchange(limits=replace(LIMITS, open_batches_limit=2))
        await exchange.populate()
        first, _ = await exchange.dispatched(), await exchange.register()
        with pytest.raises(TooManyOpenBatches, match="You have 2 batch requests") as raised:
            await exchange.register()
        assert (raised.value.retry_after_s or 0) > 0
        assert len(exchange.batches.items) == 2
        await exchange.call_back(first, error="no")
        assert await exchange.register() in exchange.batches.items

    async def test_every_unknown_id_is_named(self, exchange: Exchange) -> None:
        known, unknown = exchange.reference_ids, [uuid4() for _ in range(30)]
        exchange.reference_ids = known + unknown
        exchange.robot = exchange.robot.model_copy(update={"id": uuid4()})
        with pytest.raises(NotFound) as raised:
            await exchange.register()
        robot, references = raised.value.faults
        assert str(exchange.robot.id) in robot
        assert all(str(item) in references for item in unknown)
        assert not any(str(item) in references for item in known)

    async def test_what_is_hidden_can_be_asked_for_by_operators_alone(self, exchange: Exchange) -> None:
        hidden = (await exchange.references.add(ReferenceFileInput.model_validate({"visibility": "hidden"}))).id
        order = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=[*exchange.reference_ids, hidden])
        with pytest.raises(NotFound, match=f"there are no such references: {hidden}"):
            await register_batch(order, REQUESTOR, exchange.services)
        operator = User("an operator", frozenset({Role.OPERATOR}))
        assert hidden in (await register_batch(order, operator, exchange.services)).reference_ids

    async def test_its_dispatch_is_sent_at_once(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        assert exchange.queues.sent == [DispatchMessage(batch_id, 1)]

    async def test_it_is_accepted_though_the_queue_is_down_and_the_sweep_sends_it(self, exchange: Exchange) -> None:
        exchange.queues.down = True
        batch_id = await exchange.register()
        exchange.queues.down = False
        exchange.clock.now += 300
        await sweep(exchange.services)
        assert exchange.queues.sent == [DispatchMessage(batch_id, 1)]


class TestDispatch:
    async def test_the_robot_gets_urls_and_the_snapshot_what_it_depends_on(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        ((robot, request),) = exchange.robot_calls.jobs
        assert (robot, request.id) == (exchange.robot, batch_id)
        snapshot = exchange.batch(batch_id).snapshot
        assert request.reference_storage_url.startswith(f"https://blobs.test/batches/{batch_id}/{snapshot}/")
        lines = exchange.files.blobs[f"{batch_id}/{snapshot}/reference_data.jsonl"].splitlines()
        assert [json.loads(line)["id"] for line in lines] == [str(item) for item in exchange.reference_ids]

    async def test_an_order_that_is_not_due_writes_nothing(self, exchange: Exchange) -> None:
        exchange.robot_calls.behaviour = scripted(RobotAnswer(503, "busy", 40.0))
        batch_id = await exchange.dispatched()
        before = dict(exchange.files.blobs)
        for attempt in (1, 2, 3):
            await exchange.dispatch(batch_id, attempt)
        assert exchange.files.blobs == before
        assert len(exchange.robot_calls.jobs) == 1

    async def test_a_batch_that_has_ended_is_not_dispatched(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        await exchange.call_back(batch_id, error="I know nothing of it")
        before = dict(exchange.files.blobs)
        await exchange.dispatch(batch_id)
        assert (exchange.files.blobs, exchange.robot_calls.jobs) == (before, [])

    async def test_nobody_calls_while_another_may_be_calling(self, exchange: Exchange) -> None:
        async def overtaken(_request: BatchRobotRequest) -> RobotAnswer:
            await exchange.dispatch(batch_id)
            return RobotAnswer(202, "")

        batch_id = await exchange.register()
        exchange.robot_calls.behaviour = overtaken
        await exchange.dispatch(batch_id)
        assert len(exchange.robot_calls.jobs) == 1
        assert exchange.batch(batch_id).status == "accepted"

    async def test_the_reference_data_is_what_was_recorded_first(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        create = exchange.files.create

        async def dies(_request: BatchRobotRequest) -> RobotAnswer:
            raise RuntimeError("the process dies")

        @asynccontextmanager
        async def slow(name: str) -> AsyncIterator[FakeWriter]:
            async with create(name) as blob:
                yield blob
            exchange.files.create = create  # type: ignore[method-assign] # as it was
            with pytest.raises(RuntimeError):
                await exchange.dispatch(batch_id)
            exchange.clock.now += 60
            exchange.robot_calls.behaviour = accept

        exchange.robot_calls.behaviour = dies
        exchange.files.create = slow  # type: ignore[method-assign] # a fake of this test's own
        await exchange.dispatch(batch_id)
        snapshot = exchange.batch(batch_id).snapshot
        urls = [request.reference_storage_url.partition("?")[0] for _, request in exchange.robot_calls.jobs]
        assert urls == [f"https://blobs.test/batches/{batch_id}/{snapshot}/reference_data.jsonl"] * 2
        assert len([name for name in exchange.files.blobs if name.endswith("reference_data.jsonl")]) == 2

    async def test_the_reference_data_is_written_once_for_all_attempts(self, exchange: Exchange) -> None:
        exchange.robot_calls.behaviour = scripted(RobotAnswer(503, "busy"), RobotAnswer(202, ""))
        batch_id = await exchange.dispatched()
        exchange.clock.now = exchange.last_dispatch().at or 0
        await exchange.dispatch(batch_id, 2)
        assert exchange.batch(batch_id).status == "accepted"
        assert len([name for name in exchange.files.blobs if name.endswith("reference_data.jsonl")]) == 1

    @pytest.mark.parametrize("answer", [RobotAnswer(422, "no"), RobotAnswer(500, "I crashed"), RobotAnswer(None, "")])
    async def test_a_robot_that_uploads_before_it_refuses_has_the_batch(
        self, exchange: Exchange, answer: RobotAnswer
    ) -> None:
        async def eager(request: BatchRobotRequest) -> RobotAnswer:
            await exchange.upload(request.id, annotation(exchange.reference_ids[0]))
            return answer

        exchange.robot_calls.behaviour = eager
        batch_id = await exchange.dispatched()
        assert exchange.batch(batch_id).status == "accepted"
        assert exchange.batch(batch_id).upload == await exchange.results.current_upload(batch_id)

    async def test_a_robot_that_takes_the_batch_has_it_whatever_stands(self, exchange: Exchange) -> None:
        exchange.results.current_upload = cannot_be_looked_at  # type: ignore[method-assign,assignment] # a fake of this test's own
        assert exchange.batch(await exchange.dispatched()).status == "accepted"

    async def test_a_robot_that_is_down_is_tried_again_by_scheduled_orders(self, exchange: Exchange) -> None:
        answers = [RobotAnswer(503, "busy", 40.0), RobotAnswer(None, "no answer within 30 s"), RobotAnswer(202, "")]
        exchange.robot_calls.behaviour = scripted(*answers)
        batch_id = await exchange.dispatched()
        assert exchange.last_dispatch() == DispatchMessage(batch_id, 2, exchange.clock.now + 40)
        await exchange.dispatch(batch_id, 2)
        assert len(exchange.robot_calls.jobs) == 1, "it came early"
        for attempt in (2, 3):
            exchange.clock.now = exchange.last_dispatch().at or 0
            await exchange.dispatch(batch_id, attempt)
        assert exchange.batch(batch_id).status == "accepted"
        assert len({request.reference_storage_url.partition("?")[0] for _, request in exchange.robot_calls.jobs}) == 1

    @pytest.mark.parametrize("answer", [RobotAnswer(404, "no such path"), RobotAnswer(302, "elsewhere")])
    async def test_a_refusal_or_a_redirect_rejects(self, exchange: Exchange, answer: RobotAnswer) -> None:
        exchange.robot_calls.behaviour = scripted(answer)
        batch_id = await exchange.dispatched()
        assert exchange.batch(batch_id).status == "rejected"
        assert answer.words in (exchange.batch(batch_id).error or "")

    async def test_a_robot_that_delivers_before_it_answers(self, exchange: Exchange) -> None:
        async def eager(request: BatchRobotRequest) -> RobotAnswer:
            await exchange.upload(request.id, *(annotation(item) for item in exchange.reference_ids))
            await exchange.call_back(request.id)
            await exchange.run_import(request.id)
            return RobotAnswer(500, "I crashed after all")

        exchange.robot_calls.behaviour = eager
        batch_id = await exchange.dispatched()
        assert exchange.batch(batch_id).status == "completed"

    async def test_a_call_that_timed_out_and_then_409_is_acceptance(self, exchange: Exchange) -> None:
        exchange.robot_calls.behaviour = scripted(RobotAnswer(None, "no answer"), RobotAnswer(409, "I have it"))
        batch_id = await exchange.dispatched()
        exchange.clock.now = exchange.last_dispatch().at or 0
        await exchange.dispatch(batch_id, 2)
        assert exchange.batch(batch_id).status == "accepted"

    async def test_an_order_for_no_batch_raises(self, exchange: Exchange) -> None:
        with pytest.raises(NotFound):
            await exchange.dispatch(uuid4())
        with pytest.raises(NotFound):
            await exchange.run_import(uuid4())


class TestDelivery:
    async def test_a_callback_before_the_upload_is_refused_and_fine_afterwards(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        with pytest.raises(ResultMissing):
            await exchange.call_back(batch_id)
        assert exchange.batch(batch_id).status == "accepted"
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
        assert await exchange.call_back(batch_id) == "importing"

    async def test_the_validation_sends_the_import_when_the_callback_came_first(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        assert exchange.sent(ImportMessage) == 0
        await exchange.validate(batch_id)
        assert exchange.sent(ImportMessage) == 1

    async def test_an_upload_that_is_gone_when_its_event_comes_is_no_error(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        before = exchange.batch(batch_id)
        await exchange.validate(batch_id)
        assert exchange.batch(batch_id) is before

    async def test_an_upload_replaced_while_it_is_read_is_left_to_the_other_event(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        read = exchange.results.read

        async def replaced(wanted: UUID, etag: str) -> AsyncGenerator[bytes, None]:
            await exchange.upload(wanted, annotation(exchange.reference_ids[0]))
            async for chunk in read(wanted, etag):
                yield chunk

        exchange.results.read = replaced  # type: ignore[method-assign,assignment] # a fake of this test's own
        await exchange.validate(batch_id)
        assert exchange.batch(batch_id).validation is None

    async def test_after_the_pin_nobody_looks_at_uploads_any_more(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)

        async def down(_: object) -> AsyncIterator[list[Refusal]]:
            raise Unavailable("down")
            yield []

        exchange.references.import_entries = down  # type: ignore[method-assign,assignment] # a fake of this test's own
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        blobs = set(exchange.files.blobs)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="late"))
        await exchange.validate(batch_id)
        assert set(exchange.files.blobs) == blobs
        exchange.results.current_upload = cannot_be_looked_at  # type: ignore[method-assign,assignment] # a fake of this test's own
        assert await exchange.call_back(batch_id) == "importing"
        exchange.queues.sent.clear()
        exchange.clock.now += 900
        await sweep(exchange.services)
        assert exchange.queues.sent == [ImportMessage(batch_id)]

    async def test_a_callback_after_the_end_is_answered_whatever_became_of_the_result(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        exchange.results.current_upload = cannot_be_looked_at  # type: ignore[method-assign,assignment] # a fake of this test's own
        assert await exchange.call_back(batch_id) == "completed"

    async def test_an_upload_is_taken_as_acceptance_before_it_is_read(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
        exchange.files.blobs.clear()
        with pytest.raises(NotFound):
            await exchange.validate(batch_id)
        assert (exchange.batch(batch_id).status, exchange.batch(batch_id).validation) == ("accepted", None)

    async def test_the_last_of_two_uploads_counts(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="old"))
        await exchange.validate(batch_id)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="new"))
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        (enhancement,) = exchange.references.enhancements.values()
        assert enhancement["content"]["annotations"][0]["label"] == "new"

    async def test_an_upload_after_the_pin_changes_nothing(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        before = dict(exchange.references.enhancements)
        blobs = set(exchange.files.blobs)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="late"))
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.references.enhancements == before
        assert set(exchange.files.blobs) == blobs, "it was not even read"
        assert exchange.batch(batch_id).status == "completed"

    async def test_a_robots_error_after_an_upload_imports_nothing(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.validate(batch_id)
        assert await exchange.call_back(batch_id, error="out of\nmemory") == "failed"
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).error == "The robot reported an error: out of memory"
        assert not exchange.references.enhancements
        with pytest.raises(Conflict):
            await exchange.call_back(batch_id)

    async def test_a_robot_that_keeps_uploading_holds_up_no_import(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        current_upload = exchange.results.current_upload
        looks = 0

        async def always_another(wanted: UUID) -> object:
            nonlocal looks
            looks += 1
            await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label=f"number {looks}"))
            return await current_upload(wanted)

        exchange.results.current_upload = always_another  # type: ignore[method-assign,assignment] # a fake of this test's own
        await exchange.run_import(batch_id)
        assert (exchange.batch(batch_id).status, looks < 10) == ("importing", True)
        exchange.results.current_upload = current_upload  # type: ignore[method-assign] # as it was
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "partial_failed"

    async def test_an_upload_replaced_while_it_is_validated_is_superseded(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        current_upload = exchange.results.current_upload
        looks = 0

        async def replaced_meanwhile(wanted: UUID) -> object:
            nonlocal looks
            looks += 1
            if looks == 2:
                await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="new"))
            return await current_upload(wanted)

        exchange.results.current_upload = replaced_meanwhile  # type: ignore[method-assign,assignment] # a fake of this test's own
        await exchange.validate(batch_id)
        assert exchange.batch(batch_id).validation is None

    async def test_a_result_that_is_gone_when_the_import_begins_fails(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        exchange.results.uploads.clear()
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "failed"

    @pytest.mark.parametrize("end", ["", "?sig=abc"])
    async def test_a_storage_url_must_be_this_batchs(self, exchange: Exchange, end: str) -> None:
        batch_id, other = await delivered(exchange), await delivered(exchange)
        urls = {item: f"https://blobs.test/results/{item}.jsonl{end}" for item in (batch_id, other)}
        with pytest.raises(InputRejected):
            await call_back_with(exchange, batch_id, urls[other])
        await call_back_with(exchange, batch_id, urls[batch_id])


class TestImport:
    async def test_an_interrupted_import_goes_on_where_it_was(self, exchange: Exchange) -> None:
        await exchange.populate(11)
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        windows: list[int] = []
        whole = exchange.references.import_entries

        async def dies_in_the_second_window(entries: object) -> object:
            windows.append(len(entries))  # type: ignore[arg-type] # a sequence of entries
            if len(windows) == 2:
                raise Unavailable("down")
            async for refusals in whole(entries):  # type: ignore[arg-type] # passed on
                yield refusals

        exchange.references.import_entries = dies_in_the_second_window  # type: ignore[method-assign,assignment] # a fake of this test's own
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).progress.added == 4
        await exchange.run_import(batch_id)
        assert windows == [4, 4, 4, 3]
        assert exchange.batch(batch_id).status == "completed"
        assert len(exchange.references.enhancements) == 11

    async def test_a_window_is_read_to_its_end_and_no_further(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, *(annotation(item, source="s" * 40_000) for item in exchange.reference_ids))
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        read = exchange.files.read
        chunks: list[int] = []

        async def counted(name: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
            async for chunk in read(name, offset):
                if name.endswith("accepted.jsonl"):
                    chunks.append(offset)
                yield chunk

        exchange.files.read = counted  # type: ignore[method-assign] # a fake of this test's own
        await exchange.run_import(batch_id)
        assert (exchange.batch(batch_id).status, exchange.batch(batch_id).progress.chunks) == ("completed", 2)
        assert [chunks.count(offset) for offset in sorted(set(chunks))] == [3, 1]

    async def test_an_interrupted_import_needs_the_robots_blob_no_more(self, exchange: Exchange) -> None:
        await exchange.populate(11)
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        whole = exchange.references.import_entries
        windows = 0

        async def dies_in_the_second_window(entries: object) -> object:
            nonlocal windows
            windows += 1
            if windows == 2:
                raise Unavailable("down")
            async for refusals in whole(entries):  # type: ignore[arg-type] # passed on
                yield refusals

        async def unreadable(_: UUID) -> object:
            raise Unavailable("The result file is in a state that does not allow it.")

        exchange.references.import_entries = dies_in_the_second_window  # type: ignore[method-assign,assignment] # a fake of this test's own
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        exchange.results.current_upload = unreadable  # type: ignore[method-assign,assignment] # a fake of this test's own
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "completed"

    async def test_what_the_store_refuses_is_in_the_report_and_stops_nothing(self, exchange: Exchange) -> None:
        exchange.references.largest_item = 700
        one, two, *_ = exchange.reference_ids
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, annotation(one), annotation(two, label="x" * 700))
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "partial_failed"
        assert exchange.report(batch_id)[:2] == [
            f"Reference {one}: Enhancement added.",
            f"Reference {two}: Can't be stored: it is too large",
        ]

    async def test_what_the_store_refuses_is_counted_and_kept_in_the_order_of_the_entries(
        self, exchange: Exchange
    ) -> None:
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, *(annotation(item) for item in exchange.reference_ids))
        await exchange.call_back(batch_id)

        async def refusing(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            for entry in reversed(entries):
                yield [Refusal(entry.entry, "no room")] if entry.entry != 3 else []

        exchange.references.import_entries = refusing  # type: ignore[method-assign] # a fake of this test's own
        await exchange.run_import(batch_id)
        batch = exchange.batch(batch_id)
        assert batch.validation is not None
        assert (batch.progress.added, batch.progress.refused) == (1, 4)
        names = [blob_names.refused(batch_id, batch.validation.attempt, end) for end in batch.progress.refused_chunks]
        kept = [[item["entry"] for item in json.loads(exchange.files.blobs[name])] for name in names]
        assert kept == [[1, 2, 4], [5]]
        assert [entry["error"] is None for entry in exchange.report_entries(batch_id)] == [False] * 2 + [True] + [
            False
        ] * 2

    async def test_importers_with_windows_of_different_sizes_lose_no_refusal(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()
        await exchange.upload(batch_id, *(annotation(item) for item in exchange.reference_ids))
        await exchange.call_back(batch_id)
        smaller = replace(exchange.services, limits=replace(LIMITS, import_chunk_entries=2))
        overtaken = False

        async def refusing(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            nonlocal overtaken
            refused = [Refusal(entry.entry, "no room") for entry in entries]
            if not overtaken:
                overtaken = True
                await one_whole_window()
            yield refused

        async def one_whole_window() -> None:
            batch = exchange.batch(batch_id)
            window = await next_chunk(batch, exchange.services)
            assert window is not None
            await import_chunk(batch, window, exchange.services)

        exchange.references.import_entries = refusing  # type: ignore[method-assign] # a fake of this test's own
        await import_results(batch_id, smaller)
        batch = exchange.batch(batch_id)
        assert (batch.progress.added, batch.progress.refused) == (0, 5)
        assert [entry["error"] is None for entry in exchange.report_entries(batch_id)] == [False] * 5

    @pytest.mark.parametrize("stage", ["validation", "window", "report"])
    async def test_long_work_says_that_it_is_still_at_it(self, exchange: Exchange, stage: str) -> None:
        batch_id = await delivered(exchange)
        await exchange.call_back(batch_id)
        signs: list[float | None] = []
        write = exchange.batches.replace

        async def watched(batch: Batch, etag: str) -> None:
            if batch.worked_at == exchange.clock.now != exchange.batch(batch_id).worked_at and not moves(batch):
                signs.append(batch.worked_at)
            await write(batch, etag)

        def moves(batch: Batch) -> bool:
            before = exchange.batch(batch_id)
            return (batch.validation, batch.import_started, batch.progress) != (
                before.validation,
                before.import_started,
                before.progress,
            )

        slow_down(exchange, stage)
        exchange.batches.replace = watched  # type: ignore[method-assign] # a fake of this test's own
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "completed"
        assert signs

    async def test_no_report_url_before_the_end_and_none_when_it_has_expired(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        await exchange.validate(batch_id)
        await exchange.call_back(batch_id)
        before = await read_batch(batch_id, REQUESTOR, exchange.services)
        assert before.validation_result_file is None
        assert (before.reference_data_url, before.result_storage_url) == (None, None)
        to_the_robot = await read_batch(batch_id, exchange.calling_robot, exchange.services)
        assert to_the_robot.reference_data_url is not None
        assert to_the_robot.result_storage_url is not None
        await exchange.run_import(batch_id)
        after = await read_batch(batch_id, REQUESTOR, exchange.services)
        assert after.validation_result_file is not None
        assert after.validation_result_url is not None
        for name in [name for name in exchange.files.blobs if "validation" in name]:
            del exchange.files.blobs[name]
        assert (await read_batch(batch_id, REQUESTOR, exchange.services)).validation_result_file is None


class TestSweep:
    async def test_lost_events_are_made_up_for_one_after_the_other(self, exchange: Exchange) -> None:
        batch_id = await delivered(exchange)
        exchange.clock.now += 900
        await sweep(exchange.services)
        assert exchange.batch(batch_id).status == "importing"
        exchange.clock.now += 120
        await sweep(exchange.services)
        assert exchange.sent(ImportMessage) == 1
        await exchange.run_import(batch_id)
        assert exchange.batch(batch_id).status == "completed"

    async def test_a_batch_that_cannot_be_swept_holds_up_no_other(self, exchange: Exchange) -> None:
        broken, healthy = await exchange.register(), await exchange.register()
        current_upload = exchange.results.current_upload

        async def broken_for_one(batch_id: UUID) -> object:
            if batch_id == broken:
                raise RuntimeError("boom")
            return await current_upload(batch_id)

        exchange.results.current_upload = broken_for_one  # type: ignore[method-assign,assignment] # a fake of this test's own
        exchange.queues.sent.clear()
        exchange.clock.now += 300
        with pytest.raises(ExceptionGroup) as raised:
            await sweep(exchange.services)
        assert [str(error) for error in raised.value.exceptions] == ["boom"]
        assert raised.value.exceptions[0].__notes__ == [f"batch {broken}"]
        assert exchange.queues.sent == [DispatchMessage(healthy, 1)]

    async def test_a_result_that_can_never_be_looked_at_ends_the_batch_all_the_same(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatched()

        async def unreadable(_: UUID) -> object:
            raise Unavailable("The result file is in a state that does not allow it.")

        exchange.results.current_upload = unreadable  # type: ignore[method-assign,assignment] # a fake of this test's own
        exchange.clock.now += 86_400
        with pytest.raises(ExceptionGroup):
            await sweep(exchange.services)
        assert exchange.batch(batch_id).status == "accepted"
        exchange.clock.now += 86_400
        await sweep(exchange.services)
        assert exchange.batch(batch_id).status == "failed"
        assert "could not be looked at" in (exchange.batch(batch_id).error or "")


async def cannot_be_looked_at(_: UUID) -> object:
    raise Unavailable("down")


def slow_down(exchange: Exchange, stage: str) -> None:
    """Let each piece of this stage's work take a minute."""
    read, read_result, import_entries = exchange.files.read, exchange.results.read, exchange.references.import_entries

    async def a_minute_each(pieces: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for piece in pieces:
            exchange.clock.now += 60
            yield piece

    if stage == "validation":
        exchange.results.read = lambda *args: a_minute_each(read_result(*args))  # type: ignore[method-assign] # slower
    if stage == "window":
        exchange.references.import_entries = lambda entries: a_minute_each(import_entries(entries))  # type: ignore[method-assign] # slower
    if stage == "report":
        exchange.files.read = lambda name, offset=0: (  # type: ignore[method-assign] # slower
            a_minute_each(read(name, offset)) if name.endswith("verdicts.jsonl") else read(name, offset)
        )


def scripted(*answers: RobotAnswer) -> Callable[[BatchRobotRequest], Awaitable[RobotAnswer]]:
    remaining = iter(answers)

    async def answer(_request: BatchRobotRequest) -> RobotAnswer:
        return next(remaining)

    return answer


async def call_back_with(exchange: Exchange, batch_id: UUID, url: str) -> None:
    body = BatchRobotResult.model_validate({"request_id": str(batch_id), "storage_url": url})
    await receive_callback(body, exchange.calling_robot, exchange.services)
