"""Batch requests in parts: sent to a robot, or fetched by it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import UUID

import pytest

from exchange.contract.batches import (
    BatchCancellationIn,
    BatchEnhancementRequestIn,
    BatchRetryIn,
    BatchStatus,
    ErrorCode,
)
from exchange.contract.references import ReferenceFileInput
from exchange.contract.reports import BatchErrors
from exchange.contract.robots import BatchRobotRequest, RobotSettings
from exchange.domain import blob_names, division
from exchange.domain.added import find_added
from exchange.domain.batch import Batch, Phase
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.division import derive_part_id
from exchange.domain.errors import Conflict, InputRejected, TooLarge, Unavailable
from exchange.domain.messages import DispatchMessage, ImportMessage, NotifyMessage
from exchange.domain.robot_answer import RobotAnswer
from exchange.ports import StoredBatch
from exchange.use_cases.cancel_batch import cancel_batch
from exchange.use_cases.dry_run import dry_run
from exchange.use_cases.fetch_part import fetch_part
from exchange.use_cases.manage_robots import configure_robot
from exchange.use_cases.notify_webhooks import notify_webhooks
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import register_once
from exchange.use_cases.renew_lease import renew_lease
from exchange.use_cases.retry_batch import retry_batch
from exchange.use_cases.sweep import sweep
from tests.fakes.world import LIMITS
from tests.results import annotation
from tests.unit.use_cases.conftest import REQUESTOR, Exchange, read_now

LEASE_S = 600.0
OTHER = {"identifiers": [{"identifier_type": "pm_id", "identifier": 999}], "enhancements": None}


class Parts(Exchange):
    """The fakes, with a batch request in parts."""

    request_id: UUID

    async def request(self, references: int = 10, **settings: object) -> None:
        await self.populate(references)
        await configure_robot(self.robot.id, RobotSettings.model_validate(settings), self.services)
        self.request_id = await self.register()

    def read_whole(self) -> Batch:
        return self.get_batch(self.request_id)

    def read_end(self) -> tuple[BatchStatus, ErrorCode | None]:
        return self.read_whole().status, self.read_whole().error_code

    def part(self, number: int) -> Batch:
        return self.get_batch(derive_part_id(self.read_whole().registration, number))

    async def fetch(self, limit: int = 4) -> Batch | None:
        return await fetch_part(self.calling_robot, limit, LEASE_S, self.services)

    async def fetch_some(self, limit: int = 4) -> Batch:
        part = await self.fetch(limit)
        assert part is not None
        return part

    def read_ids(self, part: Batch) -> list[str]:
        """Return the ids of the references that the robot was given."""
        assert part.snapshot is not None
        lines = self.files.blobs[blob_names.reference_data(part.id, part.snapshot)].splitlines()
        return [json.loads(line)["id"] for line in lines]

    async def deliver(self, part: Batch, failing: Sequence[str] = ()) -> None:
        """Upload the result of a part, and report it."""
        ids = self.read_ids(part)
        entries = [
            {"reference_id": item, "message": "too short"} if item in failing else annotation(item) for item in ids
        ]
        await self.upload(part.id, *entries)
        await self.call_back(part.id)

    async def run_messages(self) -> None:
        """Handle messages until none is left."""
        while self.queues.sent:
            messages, self.queues.sent[:] = list(self.queues.sent), []
            for message in messages:
                match message:
                    case DispatchMessage():
                        await self.dispatch(message.batch_id, message.attempt)
                    case ImportMessage():
                        await self.run_import(message.batch_id)
                    case NotifyMessage():
                        await notify_webhooks(message.batch_id, self.services)

    async def work(self, limit: int = 4) -> int:
        """Fetch and deliver until nothing is left. Return the number of parts."""
        parts = 0
        while (part := await self.fetch(limit)) is not None:
            await self.deliver(part)
            parts += 1
        await self.run_messages()
        return parts


@pytest.fixture
def exchange() -> Parts:
    return Parts(limits=LIMITS.model_copy(update={"open_parts_limit": 2}))


class TestFetched:
    async def test_a_robot_works_on_all_parts(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        assert await exchange.work() == 3
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.request_status is BatchStatus.COMPLETED
        assert read.counts is not None
        assert (read.counts.requested, read.counts.enhanced, read.counts.pending) == (10, 10, 0)
        assert read.entries is not None
        assert (read.entries.total, read.entries.added) == (10, 10)
        expected = [f"Reference {item}: Enhancement added." for item in exchange.reference_ids]
        assert exchange.read_report(exchange.request_id) == expected
        assert [entry["line"] for entry in exchange.read_report_entries(exchange.request_id)] == list(range(1, 11))
        added = exchange.read_enhancements(exchange.request_id)
        assert {item["batch_request_id"] for item in added} == {str(exchange.request_id)}
        assert len({item["id"] for item in added}) == 10
        assert exchange.robot_calls.jobs == []

    async def test_a_batch_says_that_no_process_of_its_robot_works_on_it(self, exchange: Parts) -> None:
        async def read() -> str | None:
            return (await read_now(exchange.request_id, REQUESTOR, exchange.services)).waiting_for

        await exchange.request(delivery="pull")
        assert await read() == "The robot has not fetched it yet."
        part = await exchange.fetch(4)
        assert part is not None
        assert await read() is None
        await exchange.deliver(part)
        await exchange.run_messages()
        assert await read() == "The robot has to fetch what is left."
        await exchange.work()
        assert await read() is None

    async def test_nothing_is_fetched_twice(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        parts = [part for part in await asyncio.gather(*(exchange.fetch(3) for _ in range(6))) if part]
        given = [item for part in parts for item in exchange.read_ids(part)]
        assert sorted(given) == sorted(str(item) for item in exchange.reference_ids)
        assert await exchange.fetch() is None

    async def test_the_robot_may_have_a_smaller_limit(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull", max_references=2)
        assert (await exchange.fetch_some(limit=100)).reference_count == 2

    async def test_batch_requests_take_turns(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        first = exchange.request_id
        exchange.clock.now += 1
        second = await exchange.register()
        order = []
        for _ in range(4):
            exchange.clock.now += 1
            order.append((await exchange.fetch_some(2)).request_id)
        assert order == [first, second, first, second]

    async def test_a_late_result_counts_if_nobody_took_the_references(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        part = await exchange.fetch_some()
        exchange.clock.now += LEASE_S + 1
        await exchange.deliver(part)
        await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_a_late_result_is_refused_if_another_robot_took_the_references(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        late = await exchange.fetch_some()
        exchange.clock.now += LEASE_S + 1
        second = await exchange.fetch_some()
        assert exchange.read_ids(second) == exchange.read_ids(late)
        with pytest.raises(Conflict):
            await exchange.deliver(late)
        await exchange.deliver(second)
        await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED
        assert len(exchange.read_report(exchange.request_id)) == 4
        assert (exchange.part(1).error_code, exchange.part(1).ended) == (ErrorCode.LEASE_EXPIRED, True)

    async def test_the_references_fail_after_three_expired_leases(self, exchange: Parts) -> None:
        await exchange.request(6, delivery="pull")
        await exchange.deliver(await exchange.fetch_some(2))
        for _ in range(3):
            assert await exchange.fetch(4) is not None
            exchange.clock.now += LEASE_S + 1
        assert await exchange.fetch(4) is None
        await exchange.run_messages()
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.request_status is BatchStatus.PARTIAL_FAILED
        assert read.counts is not None
        assert (read.counts.enhanced, read.counts.failed) == (2, 4)
        error = "The lease on these references expired 3 times. No robot delivered a result."
        assert read.error == f"1 of 2 parts failed. The first error: {error}"
        assert exchange.read_report(exchange.request_id)[2:] == [
            f"Reference {item}: {error}" for item in exchange.reference_ids[2:]
        ]
        report = exchange.read_whole().report
        assert report is not None
        errors = BatchErrors.model_validate_json(exchange.files.blobs[blob_names.errors(exchange.request_id, report)])
        assert [(item.message, item.count) for item in errors.errors] == [(error, 4)]

    async def test_the_sweep_ends_what_nobody_fetches_after_the_last_lease(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        for _ in range(3):
            assert await exchange.fetch() is not None
            exchange.clock.now += LEASE_S + 1
        exchange.clock.now += exchange.services.deadlines.callback_wait_s
        await sweep(exchange.services)
        await exchange.run_messages()
        assert (exchange.read_whole().status, exchange.read_whole().error_code) == (
            BatchStatus.FAILED,
            ErrorCode.LEASE_EXPIRED,
        )

    async def test_a_part_that_is_given_back_does_not_count_as_expired(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        for _ in range(5):
            part = await exchange.fetch_some()
            await renew_lease(part.id, 0.0, exchange.calling_robot, exchange.services)
        assert await exchange.work() == 1
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_a_lease_that_is_too_long_is_refused(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        part = await exchange.fetch_some()
        too_long = exchange.services.deadlines.lease_limit_s + 1
        with pytest.raises(InputRejected, match="lasts at most 24 hours"):
            await renew_lease(part.id, too_long, exchange.calling_robot, exchange.services)
        with pytest.raises(InputRejected, match="lasts at most 24 hours"):
            await fetch_part(exchange.calling_robot, 4, too_long, exchange.services)
        assert exchange.part(1).lease == part.lease
        division = exchange.read_whole().division
        assert division is not None
        assert division.made == 1

    async def test_a_robot_that_always_gives_back_does_not_make_parts_without_end(
        self, exchange: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(division, "MAX_PARTS", 7)
        await exchange.request(4, delivery="pull")
        while (part := await exchange.fetch()) is not None:
            await renew_lease(part.id, 0.0, exchange.calling_robot, exchange.services)
        await exchange.run_messages()
        division_after = exchange.read_whole().division
        assert division_after is not None
        assert division_after.made == 7
        assert exchange.read_end() == (BatchStatus.FAILED, ErrorCode.ROBOT_TIMEOUT)
        assert len(exchange.read_report(exchange.request_id)) == 4

    async def test_a_renewed_lease_lasts_longer(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        part = await exchange.fetch_some()
        exchange.clock.now += LEASE_S - 1
        until = await renew_lease(part.id, LEASE_S, exchange.calling_robot, exchange.services)
        assert until == exchange.clock.now + LEASE_S
        exchange.clock.now += LEASE_S - 1
        assert await exchange.fetch() is None
        exchange.clock.now += 2
        with pytest.raises(Conflict, match="The lease has expired"):
            await renew_lease(part.id, LEASE_S, exchange.calling_robot, exchange.services)

    @pytest.mark.parametrize("delivery", ["push", "pull"])
    async def test_only_a_part_that_was_fetched_has_a_lease(self, exchange: Parts, delivery: str) -> None:
        await exchange.request(4, delivery=delivery)
        for _ in range(2):
            with pytest.raises(Conflict, match="It has no lease that could be renewed"):
                await renew_lease(exchange.request_id, LEASE_S, exchange.calling_robot, exchange.services)
            await exchange.run_messages()

    async def test_an_upload_without_a_report_counts_when_its_lease_has_expired(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        part = await exchange.fetch_some()
        await exchange.upload(part.id, *(annotation(UUID(item)) for item in exchange.read_ids(part)))
        exchange.clock.now += LEASE_S + 1
        assert await exchange.fetch() is None
        await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_a_batch_request_that_is_withdrawn_meanwhile_does_not_hide_the_next(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        first = exchange.request_id
        exchange.clock.now += 1
        exchange.request_id = await exchange.register()
        create = exchange.batches.create

        async def create_and_withdraw(batch: Batch) -> None:
            await create(batch)
            exchange.batches.create = create  # type: ignore[method-assign] # restores the fake
            await exchange.batches.delete(first, exchange.batches.items[first].etag)

        exchange.batches.create = create_and_withdraw  # type: ignore[method-assign] # replaces the fake
        assert (await exchange.fetch_some()).request_id == exchange.request_id
        exchange.clock.now += LEASE_S + 1
        assert await exchange.work() == 1
        assert exchange.get_batch(derive_part_id(first, 1)).ended

    async def test_what_nobody_fetches_fails_in_the_end(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        exchange.clock.now += exchange.services.deadlines.fetch_limit_s + 1
        await sweep(exchange.services)
        assert (exchange.read_whole().status, exchange.read_whole().error_code) == (
            BatchStatus.FAILED,
            ErrorCode.ROBOT_TIMEOUT,
        )

    async def test_what_is_left_when_robots_stop_fetching_fails(self, exchange: Parts) -> None:
        await exchange.request(6, delivery="pull")
        await exchange.deliver(await exchange.fetch_some())
        await exchange.run_messages()
        exchange.clock.now += exchange.services.deadlines.fetch_limit_s + 1
        await sweep(exchange.services)
        await exchange.run_messages()
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.request_status is BatchStatus.PARTIAL_FAILED
        assert read.error == "No robot fetched the last 2 references in time."
        assert read.counts is not None
        assert (read.counts.enhanced, read.counts.failed) == (4, 2)
        last = exchange.read_report(exchange.request_id)[-1]
        assert last == f"Reference {exchange.reference_ids[-1]}: No robot fetched it in time."

    async def test_a_snapshot_that_cannot_be_written_gives_the_part_back(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        create = exchange.files.create

        def fail(_name: str) -> object:
            raise Unavailable("The storage is down.")

        exchange.files.create = fail  # type: ignore[assignment,method-assign] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.fetch()
        exchange.files.create = create  # type: ignore[method-assign] # restores the fake
        assert await exchange.work() == 1
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_the_error_of_a_snapshot_is_returned_although_its_lease_has_expired(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")

        def fail(_name: str) -> object:
            exchange.clock.now += LEASE_S + 1
            raise Unavailable("The storage is down.")

        exchange.files.create = fail  # type: ignore[assignment,method-assign] # replaces the fake
        with pytest.raises(Unavailable, match="The storage is down"):
            await exchange.fetch()

    async def test_a_manifest_that_no_longer_exists_neither_hides_the_next_nor_lasts_for_ever(
        self, exchange: Parts
    ) -> None:
        await exchange.request(4, delivery="pull")
        broken = exchange.read_whole()
        del exchange.files.blobs[blob_names.manifest(broken.id, broken.manifest)]
        exchange.clock.now += 1
        exchange.request_id = await exchange.register()
        assert (await exchange.fetch_some()).request_id == exchange.request_id
        for _ in range(6):
            exchange.clock.now += LEASE_S + 1
            await exchange.fetch()
        assert exchange.get_batch(broken.id).phase is Phase.REPORTING

    async def test_a_part_that_was_made_by_a_run_that_died_is_recorded_by_the_next(self, exchange: Parts) -> None:
        await exchange.request(8, delivery="pull")
        stored = exchange.batches.items[exchange.request_id]
        died = await exchange.fetch_some()
        exchange.batches.items[exchange.request_id] = stored
        second = await exchange.fetch_some()
        assert not set(exchange.read_ids(died)) & set(exchange.read_ids(second))
        exchange.clock.now += LEASE_S + 1
        await exchange.deliver(second)
        assert await exchange.work() == 1
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_entries_are_numbered_through_all_parts(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        for _ in range(2):
            part = await exchange.fetch_some(2)
            await exchange.upload(part.id, "{", *(annotation(UUID(item)) for item in exchange.read_ids(part)))
            await exchange.call_back(part.id)
        await exchange.run_messages()
        starts = [line.partition(":")[0] for line in exchange.read_report(exchange.request_id)]
        ids = [f"Reference {item}" for item in exchange.reference_ids]
        assert starts == ["Entry 1", *ids[:2], "Entry 4", *ids[2:]]
        lines = [entry["line"] for entry in exchange.read_report_entries(exchange.request_id)]
        assert lines == [1, 2, 3, 4, 5, 6]
        assert exchange.read_whole().status is BatchStatus.PARTIAL_FAILED

    async def test_enhancements_are_numbered_as_their_entries(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        for _ in range(2):
            part = await exchange.fetch_some(2)
            ids = [UUID(item) for item in exchange.read_ids(part)]
            await exchange.upload(part.id, *(annotation(item, label) for item in ids for label in ("a", "b")))
            await exchange.call_back(part.id)
        await exchange.run_messages()
        name = find_added(exchange.read_whole())
        assert name is not None
        lines = [json.loads(line)["line"] for line in exchange.files.blobs[name].splitlines()]
        assert lines == [1, 2, 3, 4, 5, 6, 7, 8]

    async def test_the_report_leaves_out_what_an_import_added_before_it_stalled(self) -> None:
        exchange = Parts(limits=LIMITS.model_copy(update={"import_chunk_entries": 3}))
        await exchange.request(4, delivery="pull")
        await exchange.deliver(await exchange.fetch_some())
        import_entries, imports = exchange.references.import_entries, 0

        async def import_first(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            nonlocal imports
            imports += 1
            if imports > 1:
                raise Unavailable("The store is down.")
            async for refusals in import_entries(entries):
                yield refusals

        exchange.references.import_entries = import_first  # type: ignore[method-assign] # replaces the fake
        for _ in range(exchange.services.deadlines.progress_attempts + 1):
            with suppress(Unavailable):
                await exchange.run_messages()
            exchange.clock.now += exchange.services.deadlines.progress_limit_s + 1
            await sweep(exchange.services)
        await exchange.run_messages()
        assert exchange.part(1).error_code is ErrorCode.IMPORT_STALLED
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.counts is not None
        assert (read.counts.enhanced, read.counts.failed) == (3, 1)
        assert exchange.read_report(exchange.request_id) == [
            f"Reference {exchange.reference_ids[3]}: {exchange.part(1).error}"
        ]


class TestTooManyParts:
    @pytest.fixture
    def exchange(self) -> Parts:
        return Parts(limits=LIMITS.model_copy(update={"parts_per_batch_limit": 3}))

    async def test_a_fetch_of_too_few_references_is_refused(self, exchange: Parts) -> None:
        await exchange.request(10, delivery="pull")
        with pytest.raises(InputRejected, match=r"is large\. Fetch at least 4 references of it\."):
            await exchange.fetch(3)
        assert await exchange.work(4) == 3

    async def test_max_references_may_be_too_small_by_now(self, exchange: Parts) -> None:
        await exchange.request(10, delivery="pull")
        settings = RobotSettings(max_references=3)
        await configure_robot(exchange.robot.id, settings, exchange.services)
        with pytest.raises(InputRejected, match="max_references must allow as many"):
            await exchange.fetch(100)

    async def test_it_gets_the_work_of_smaller_batch_requests(self, exchange: Parts) -> None:
        await exchange.request(10, delivery="pull")
        exchange.clock.now += 1
        exchange.reference_ids = exchange.reference_ids[:3]
        small = await exchange.register()
        assert (await exchange.fetch_some(1)).request_id == small

    async def test_a_fetch_of_too_few_references_is_not_refused_if_none_are_left(self, exchange: Parts) -> None:
        await exchange.request(10, delivery="pull")
        for part in [await exchange.fetch_some(4) for _ in range(3)]:
            await exchange.upload(part.id, *(annotation(UUID(item)) for item in exchange.read_ids(part)))
        exchange.clock.now += LEASE_S + 1
        assert await exchange.fetch(3) is None
        await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    @pytest.mark.parametrize("delivery", ["push", "pull"])
    async def test_a_request_for_more_parts_is_refused(self, exchange: Parts, delivery: str) -> None:
        with pytest.raises(TooLarge, match="So a batch request to it may have at most 9 references"):
            await exchange.request(10, delivery=delivery, max_references=3)
        request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids)
        with pytest.raises(TooLarge, match="So a batch request to it may have at most 9 references"):
            await dry_run(request, REQUESTOR, exchange.services)

    @pytest.mark.parametrize("max_references", [None, 5])
    async def test_the_exchange_may_have_a_smaller_limit_than_the_robot(self, max_references: int | None) -> None:
        limits = {"parts_per_batch_limit": 3, "references_per_part_limit": 2}
        exchange = Parts(limits=LIMITS.model_copy(update=limits))
        with pytest.raises(TooLarge, match=r"at most 2 references in one job\..* may have at most 6 references"):
            await exchange.request(7, max_references=max_references)

    async def test_a_batch_request_that_is_withdrawn_during_a_fetch_has_no_work(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        create = exchange.batches.create

        async def withdraw_and_create(batch: Batch) -> None:
            await create(batch)
            del exchange.batches.items[exchange.request_id]

        exchange.batches.create = withdraw_and_create  # type: ignore[method-assign] # replaces the fake
        assert await exchange.fetch() is None

    async def test_a_batch_request_that_is_registered_again_has_parts_of_its_own(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids)
        first = await register_once(request, "key", REQUESTOR, exchange.services)
        del exchange.batches.items[exchange.request_id]
        await exchange.fetch_some()
        del exchange.batches.items[first.batch.id]
        exchange.clock.now += LEASE_S + 1
        assert await exchange.fetch() is None
        exchange.request_id = (await register_once(request, "key", REQUESTOR, exchange.services)).batch.id
        assert exchange.request_id == first.batch.id
        assert await exchange.work() == 1
        assert exchange.read_whole().status is BatchStatus.COMPLETED

    async def test_a_fetch_that_fails_after_its_lease_is_unavailable(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")

        def fail_late(_name: str) -> object:
            exchange.clock.now += LEASE_S
            raise Unavailable("The storage is down.")

        exchange.files.create = fail_late  # type: ignore[assignment,method-assign] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.fetch()


class TestSent:
    async def test_the_robot_gets_parts_of_its_size_a_few_at_a_time(self, exchange: Parts) -> None:
        await exchange.request(max_references=4)
        await exchange.run_messages()
        sent = [job.id for _, job in exchange.robot_calls.jobs]
        assert sent == [derive_part_id(exchange.request_id, number) for number in (1, 2)]
        assert exchange.read_whole().status is BatchStatus.ACCEPTED
        await exchange.deliver(exchange.part(1))
        await exchange.run_messages()
        await exchange.deliver(exchange.part(3))
        await exchange.deliver(exchange.part(2))
        await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED
        expected = [f"Reference {item}: Enhancement added." for item in exchange.reference_ids]
        assert exchange.read_report(exchange.request_id) == expected

    async def test_a_batch_that_fits_one_job_is_not_in_parts(self, exchange: Parts) -> None:
        await exchange.request(max_references=10)
        assert exchange.read_whole().division is None

    async def test_a_batch_in_parts_of_which_all_are_rejected_is_rejected(self, exchange: Parts) -> None:
        await exchange.request(6, max_references=3)

        async def reject(_job: BatchRobotRequest) -> RobotAnswer:
            return RobotAnswer(400, "I only take 2")

        exchange.robot_calls.behaviour = reject
        await exchange.run_messages()
        assert (exchange.read_whole().status, exchange.read_whole().error_code) == (
            BatchStatus.REJECTED,
            ErrorCode.ROBOT_REJECTED,
        )
        assert exchange.read_whole().accepted_at is None

    async def test_it_is_accepted_although_the_event_of_the_acceptance_is_lost(self, exchange: Parts) -> None:
        await exchange.request(6, max_references=3)
        await exchange.dispatch(exchange.request_id)
        part = exchange.part(1)
        await exchange.call_back(part.id, "The robot is too old.")
        assert exchange.read_whole().status is BatchStatus.RECEIVED
        await notify_webhooks(part.id, exchange.services)
        assert exchange.read_whole().status is BatchStatus.ACCEPTED
        assert exchange.read_whole().accepted_at == exchange.part(1).accepted_at

    async def test_no_more_parts_are_sent_to_a_robot_that_answers_none(self, exchange: Parts) -> None:
        async def fail(_job: BatchRobotRequest) -> RobotAnswer:
            return RobotAnswer(503, "down")

        exchange.robot_calls.behaviour = fail
        await exchange.request(8, max_references=2)
        started = exchange.clock.now
        while not exchange.read_whole().ended:
            exchange.clock.now += 60
            await sweep(exchange.services)
            await exchange.run_messages()
        assert exchange.clock.now - started < 2 * exchange.services.deadlines.robot_retry_total_s
        status, code = exchange.read_end()
        assert (status, code) == (BatchStatus.FAILED, ErrorCode.ROBOT_UNREACHABLE)
        beginning = "The last 4 references were not sent to the robot, because it answered none of the jobs before."
        assert (exchange.read_whole().error or "").startswith(f"{beginning} The first error: The robot could not be")
        last = exchange.read_report(exchange.request_id)[-1]
        assert last == f"Reference {exchange.reference_ids[-1]}: Not sent: the robot answered no job before."

    async def test_the_sweep_repairs_every_lost_message(self, exchange: Parts) -> None:
        await exchange.request(6, max_references=3)
        delivered: set[UUID] = set()
        for _ in range(30):
            exchange.queues.sent.clear() if len(delivered) % 2 else await exchange.run_messages()
            for number in range(1, 3):
                part_id = derive_part_id(exchange.request_id, number)
                part = exchange.batches.items.get(part_id)
                if part and part.batch.phase is Phase.ACCEPTED and part_id not in delivered:
                    await exchange.deliver(part.batch)
                    delivered.add(part_id)
                    exchange.queues.sent.clear()
            exchange.clock.now += 1000
            await sweep(exchange.services)
            await exchange.run_messages()
        assert exchange.read_whole().status is BatchStatus.COMPLETED


class TestCancelledAndRetried:
    async def test_during_a_fetch(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        await exchange.fetch_some()
        create = exchange.batches.create

        async def create_and_cancel(batch: Batch) -> None:
            await create(batch)
            await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
            await exchange.run_messages()

        exchange.batches.create = create_and_cancel  # type: ignore[method-assign] # replaces the fake
        assert await exchange.fetch() is None
        assert exchange.part(2).error_code is ErrorCode.CANCELLED
        await exchange.run_messages()
        assert exchange.read_end() == (BatchStatus.FAILED, ErrorCode.CANCELLED)

    async def test_a_part_is_not_sent_after_the_cancellation(self, exchange: Parts) -> None:
        await exchange.request(max_references=4)
        await exchange.dispatch(exchange.request_id)
        await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        await exchange.dispatch(exchange.part(1).id)
        assert exchange.robot_calls.jobs == []
        assert exchange.part(1).error_code is ErrorCode.CANCELLED

    async def test_a_part_that_ends_meanwhile_does_not_keep_the_others_open(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        first, second = await exchange.fetch_some(), await exchange.fetch_some()
        await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        load = exchange.batches.load

        async def load_and_fail(batch_id: UUID) -> StoredBatch:
            stored = await load(batch_id)
            if batch_id == first.id and not stored.batch.ended:
                exchange.batches.load = load  # type: ignore[method-assign] # restores the fake
                await exchange.call_back(first.id, error="no memory")
            return stored

        exchange.batches.load = load_and_fail  # type: ignore[method-assign] # replaces the fake
        await exchange.run_messages()
        assert exchange.part(1).error_code is ErrorCode.ROBOT_ERROR
        assert exchange.get_batch(second.id).error_code is ErrorCode.CANCELLED

    async def test_after_the_last_part(self, exchange: Parts) -> None:
        await exchange.request(4, delivery="pull")
        await exchange.deliver(await exchange.fetch_some())
        await exchange.run_import(exchange.part(1).id)
        await notify_webhooks(exchange.part(1).id, exchange.services)
        assert exchange.read_whole().phase is Phase.REPORTING
        with pytest.raises(Conflict, match="too late to cancel"):
            await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)

    async def test_before_the_first_part(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        read = await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        assert (read.request_status, read.error_code) == (BatchStatus.FAILED, ErrorCode.CANCELLED)
        assert await exchange.fetch() is None

    async def test_while_parts_are_open(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        await exchange.deliver(await exchange.fetch_some())
        await exchange.run_messages()
        late = await exchange.fetch_some()
        await cancel_batch(exchange.request_id, BatchCancellationIn(reason="too slow"), REQUESTOR, exchange.services)
        await exchange.run_messages()
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.request_status is BatchStatus.PARTIAL_FAILED
        assert read.error == "The batch request was cancelled: too slow. 4 enhancements were added."
        assert read.counts is not None
        assert (read.counts.enhanced, read.counts.cancelled) == (4, 6)
        with pytest.raises(Conflict):
            await exchange.deliver(late)
        assert len(exchange.read_report(exchange.request_id)) == 10

    async def test_a_part_that_ends_meanwhile_does_not_keep_the_others_from_being_cancelled(
        self, exchange: Parts
    ) -> None:
        await exchange.request(8, delivery="pull")
        first = await exchange.fetch_some()
        second = await exchange.fetch_some()
        await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        load = exchange.batches.load

        async def load_and_end(batch_id: UUID) -> StoredBatch:
            stored = await load(batch_id)
            if batch_id == first.id:
                exchange.batches.load = load  # type: ignore[method-assign] # restores the fake
                await exchange.call_back(first.id, "The robot has stopped.")
            return stored

        exchange.batches.load = load_and_end  # type: ignore[method-assign] # replaces the fake
        await exchange.run_messages()
        assert exchange.get_batch(first.id).error_code is ErrorCode.ROBOT_ERROR
        assert exchange.get_batch(second.id).error_code is ErrorCode.CANCELLED
        assert exchange.read_whole().error_code is ErrorCode.CANCELLED

    async def test_entries_are_left_of_references_that_are_enhanced(self) -> None:
        exchange = Parts(limits=LIMITS.model_copy(update={"import_chunk_entries": 4}))
        await exchange.request(4, delivery="pull")
        part = await exchange.fetch_some()
        ids = [UUID(item) for item in exchange.read_ids(part)]
        await exchange.upload(part.id, *map(annotation, ids), *(annotation(item, label="Eins") for item in ids))
        await exchange.call_back(part.id)
        import_entries = exchange.references.import_entries

        async def cancel_and_import(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            exchange.references.import_entries = import_entries  # type: ignore[method-assign] # restores the fake
            await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
            await exchange.dispatch(exchange.request_id)
            async for refusals in import_entries(entries):
                yield refusals

        exchange.references.import_entries = cancel_and_import  # type: ignore[method-assign] # replaces the fake
        await exchange.run_messages()
        assert exchange.get_batch(part.id).error_code is ErrorCode.CANCELLED
        assert exchange.read_end() == (BatchStatus.PARTIAL_FAILED, ErrorCode.CANCELLED)
        assert exchange.read_whole().error == "The batch request was cancelled. 4 enhancements were added."

    async def test_a_part_is_cancelled_and_retried_with_its_batch_request_only(self, exchange: Parts) -> None:
        await exchange.request(delivery="pull")
        part = await exchange.fetch_some()
        message = f"part 1 of the batch request {exchange.request_id}"
        with pytest.raises(Conflict, match=message):
            await cancel_batch(part.id, BatchCancellationIn(), REQUESTOR, exchange.services)
        with pytest.raises(Conflict, match=message):
            await retry_batch(part.id, BatchRetryIn(), REQUESTOR, exchange.services)

    async def test_a_retry_has_what_no_part_enhanced(self, exchange: Parts) -> None:
        await exchange.request(6, delivery="pull")
        first = await exchange.fetch_some(2)
        failing = exchange.read_ids(first)[:1]
        await exchange.deliver(first, failing)
        await exchange.deliver(await exchange.fetch_some(2))
        await exchange.run_messages()
        await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        await exchange.run_messages()
        retried = await retry_batch(exchange.request_id, BatchRetryIn(), REQUESTOR, exchange.services)
        ids = [exchange.reference_ids[position] for position in (0, 4, 5)]
        assert retried.batch.reference_ids == ids

    async def test_the_parts_are_read_at_once_for_a_retry(self, exchange: Parts) -> None:
        await exchange.request(10, delivery="pull")
        failing = [str(exchange.reference_ids[3])]
        for _ in range(10):
            await exchange.deliver(await exchange.fetch_some(1), failing)
        await exchange.run_messages()
        loading, longest = 0, 0
        load = exchange.batches.load

        async def load_slowly(batch_id: UUID) -> StoredBatch:
            nonlocal loading, longest
            loading += 1
            longest = max(longest, loading)
            await asyncio.sleep(0)
            loading -= 1
            return await load(batch_id)

        exchange.batches.load = load_slowly  # type: ignore[method-assign] # replaces the fake
        retried = await retry_batch(exchange.request_id, BatchRetryIn(), REQUESTOR, exchange.services)
        assert retried.batch.reference_ids == [exchange.reference_ids[3]]
        assert longest == 10

    async def test_skipped_references_are_in_no_part(self, exchange: Parts) -> None:
        await exchange.request(6, delivery="pull")
        await exchange.work(limit=3)
        request = BatchEnhancementRequestIn(
            robot_id=exchange.robot.id,
            reference_ids=[*exchange.reference_ids, await exchange.load(ReferenceFileInput.model_validate(OTHER))],
            skip_enhanced=True,
        )
        exchange.request_id = (await register_batch(request, REQUESTOR, exchange.services)).id
        assert await exchange.work() == 1
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.counts is not None
        assert (read.counts.skipped, read.counts.enhanced) == (6, 1)
