import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from exchange.contract.robots import BatchRobotRequest
from exchange.domain.errors import NotFound
from exchange.domain.messages import DispatchMessage
from exchange.domain.robot_answer import RobotAnswer
from tests.fakes.files import FakeWriter
from tests.fakes.messaging import accept
from tests.results import annotation
from tests.unit.use_cases.conftest import Exchange, raise_unavailable


def answer_in_turn(*answers: RobotAnswer) -> Callable[[BatchRobotRequest], Awaitable[RobotAnswer]]:
    remaining = iter(answers)

    async def answer(_job: BatchRobotRequest) -> RobotAnswer:
        return next(remaining)

    return answer


def list_snapshots(exchange: Exchange) -> list[str]:
    return [name for name in exchange.files.blobs if name.endswith("reference_data.jsonl")]


class TestJob:
    async def test_the_job_has_the_urls_and_the_snapshot_has_the_references(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        ((robot, job),) = exchange.robot_calls.jobs
        assert (robot, job.id) == (exchange.robot, batch_id)
        snapshot = exchange.get_batch(batch_id).snapshot
        assert job.reference_storage_url.startswith(f"https://blobs.test/batches/{batch_id}/{snapshot}/")
        lines = exchange.files.blobs[f"{batch_id}/{snapshot}/reference_data.jsonl"].splitlines()
        assert [json.loads(line)["id"] for line in lines] == [str(item) for item in exchange.reference_ids]

    async def test_the_snapshot_that_was_recorded_first_is_used_for_every_call(self, exchange: Exchange) -> None:
        """A second dispatcher writes and records its snapshot while the first one writes its own."""
        batch_id = await exchange.register()
        create = exchange.files.create

        async def die(_job: BatchRobotRequest) -> RobotAnswer:
            raise RuntimeError("the process dies")

        @asynccontextmanager
        async def create_slowly(name: str) -> AsyncIterator[FakeWriter]:
            async with create(name) as blob:
                yield blob
            exchange.files.create = create  # type: ignore[method-assign] # restores the fake
            with pytest.raises(RuntimeError):
                await exchange.dispatch(batch_id)
            exchange.clock.now += 60
            exchange.robot_calls.behaviour = accept

        exchange.robot_calls.behaviour = die
        exchange.files.create = create_slowly  # type: ignore[method-assign] # replaces the fake
        await exchange.dispatch(batch_id)
        snapshot = exchange.get_batch(batch_id).snapshot
        urls = [job.reference_storage_url.partition("?")[0] for _, job in exchange.robot_calls.jobs]
        assert urls == [f"https://blobs.test/batches/{batch_id}/{snapshot}/reference_data.jsonl"] * 2
        assert len(list_snapshots(exchange)) == 2

    async def test_one_snapshot_is_written_for_all_attempts(self, exchange: Exchange) -> None:
        exchange.robot_calls.behaviour = answer_in_turn(RobotAnswer(503, "busy"), RobotAnswer(202, ""))
        batch_id = await exchange.register_and_dispatch()
        exchange.clock.now = exchange.get_last_dispatch().deliver_at or 0
        await exchange.dispatch(batch_id, 2)
        assert exchange.get_batch(batch_id).status == "accepted"
        assert len(list_snapshots(exchange)) == 1


class TestMessagesWithoutEffect:
    async def test_a_message_for_an_attempt_that_is_not_due_writes_nothing(self, exchange: Exchange) -> None:
        exchange.robot_calls.behaviour = answer_in_turn(RobotAnswer(503, "busy", 40.0))
        batch_id = await exchange.register_and_dispatch()
        before = dict(exchange.files.blobs)
        for attempt in (1, 2, 3):
            await exchange.dispatch(batch_id, attempt)
        assert exchange.files.blobs == before
        assert len(exchange.robot_calls.jobs) == 1

    async def test_an_ended_batch_is_not_dispatched(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        await exchange.call_back(batch_id, error="unknown batch")
        before = dict(exchange.files.blobs)
        await exchange.dispatch(batch_id)
        assert (exchange.files.blobs, exchange.robot_calls.jobs) == (before, [])

    async def test_the_robot_is_not_called_while_another_call_may_be_running(self, exchange: Exchange) -> None:
        async def dispatch_again(_job: BatchRobotRequest) -> RobotAnswer:
            await exchange.dispatch(batch_id)
            return RobotAnswer(202, "")

        batch_id = await exchange.register()
        exchange.robot_calls.behaviour = dispatch_again
        await exchange.dispatch(batch_id)
        assert len(exchange.robot_calls.jobs) == 1
        assert exchange.get_batch(batch_id).status == "accepted"

    async def test_a_message_for_an_unknown_batch_raises_not_found(self, exchange: Exchange) -> None:
        with pytest.raises(NotFound):
            await exchange.dispatch(uuid4())
        with pytest.raises(NotFound):
            await exchange.run_import(uuid4())


class TestAnswers:
    @pytest.mark.parametrize("answer", [RobotAnswer(422, "no"), RobotAnswer(500, "I crashed"), RobotAnswer(None, "")])
    async def test_an_upload_proves_acceptance_whatever_the_robot_answers(
        self, exchange: Exchange, answer: RobotAnswer
    ) -> None:
        async def upload_first(job: BatchRobotRequest) -> RobotAnswer:
            await exchange.upload(job.id, annotation(exchange.reference_ids[0]))
            return answer

        exchange.robot_calls.behaviour = upload_first
        batch_id = await exchange.register_and_dispatch()
        assert exchange.get_batch(batch_id).status == "accepted"
        assert exchange.get_batch(batch_id).upload == await exchange.results.find_upload(batch_id)

    async def test_an_acceptance_is_recorded_even_if_the_result_blob_cannot_be_read(self, exchange: Exchange) -> None:
        exchange.results.find_upload = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
        assert exchange.get_batch(await exchange.register_and_dispatch()).status == "accepted"

    async def test_an_unreachable_robot_is_called_again_by_scheduled_messages(self, exchange: Exchange) -> None:
        answers = [RobotAnswer(503, "busy", 40.0), RobotAnswer(None, "no answer within 30 s"), RobotAnswer(202, "")]
        exchange.robot_calls.behaviour = answer_in_turn(*answers)
        batch_id = await exchange.register_and_dispatch()
        assert exchange.get_last_dispatch() == DispatchMessage(batch_id, 2, exchange.clock.now + 40)
        await exchange.dispatch(batch_id, 2)
        assert len(exchange.robot_calls.jobs) == 1, "the early message had an effect"
        for attempt in (2, 3):
            exchange.clock.now = exchange.get_last_dispatch().deliver_at or 0
            await exchange.dispatch(batch_id, attempt)
        assert exchange.get_batch(batch_id).status == "accepted"
        assert len({job.reference_storage_url.partition("?")[0] for _, job in exchange.robot_calls.jobs}) == 1

    @pytest.mark.parametrize("answer", [RobotAnswer(404, "no such path"), RobotAnswer(302, "elsewhere")])
    async def test_a_refusal_or_a_redirect_rejects_the_batch(self, exchange: Exchange, answer: RobotAnswer) -> None:
        exchange.robot_calls.behaviour = answer_in_turn(answer)
        batch_id = await exchange.register_and_dispatch()
        assert exchange.get_batch(batch_id).status == "rejected"
        assert answer.message in (exchange.get_batch(batch_id).error or "")

    async def test_a_batch_that_is_complete_before_the_robot_answers_stays_completed(self, exchange: Exchange) -> None:
        async def work_first(job: BatchRobotRequest) -> RobotAnswer:
            await exchange.upload(job.id, *(annotation(item) for item in exchange.reference_ids))
            await exchange.call_back(job.id)
            await exchange.run_import(job.id)
            return RobotAnswer(500, "I crashed after all")

        exchange.robot_calls.behaviour = work_first
        batch_id = await exchange.register_and_dispatch()
        assert exchange.get_batch(batch_id).status == "completed"

    async def test_a_409_after_a_call_without_an_answer_is_acceptance(self, exchange: Exchange) -> None:
        answers = RobotAnswer(None, "no answer"), RobotAnswer(409, "I have this batch already")
        exchange.robot_calls.behaviour = answer_in_turn(*answers)
        batch_id = await exchange.register_and_dispatch()
        exchange.clock.now = exchange.get_last_dispatch().deliver_at or 0
        await exchange.dispatch(batch_id, 2)
        assert exchange.get_batch(batch_id).status == "accepted"
