"""Uploads and callbacks: `validate_upload` and `receive_callback`, in any order."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from exchange.contract.robots import BatchRobotResult
from exchange.domain.batch import Batch
from exchange.domain.chunks import Refusal
from exchange.domain.errors import Conflict, InputRejected, NotFound, ResultMissing, Unavailable, WriteConflict
from exchange.domain.messages import ImportMessage, ValidateMessage
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.sweep import sweep
from tests.fakes.world import DEADLINES
from tests.results import annotation
from tests.unit.use_cases.conftest import Exchange, raise_unavailable


class TestCallbacks:
    async def test_a_callback_before_the_upload_is_refused_and_can_be_repeated(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        with pytest.raises(ResultMissing):
            await exchange.call_back(batch_id)
        assert exchange.get_batch(batch_id).status == "accepted"
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
        assert await exchange.call_back(batch_id) == "importing"

    async def test_a_callback_is_repeatable_after_the_end_without_the_result_file(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        exchange.results.find_upload = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
        assert await exchange.call_back(batch_id) == "completed"

    async def test_a_reported_error_after_an_upload_fails_the_batch_without_an_import(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.validate(batch_id)
        assert await exchange.call_back(batch_id, error="out of\nmemory") == "failed"
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).error == "The robot reported an error: out of memory"
        assert not exchange.references.enhancements
        with pytest.raises(Conflict):
            await exchange.call_back(batch_id)

    @pytest.mark.parametrize("query", ["", "?sig=abc"])
    async def test_a_storage_url_of_another_batch_is_refused(self, exchange: Exchange, query: str) -> None:
        batch_id, other = await exchange.dispatch_and_upload(), await exchange.dispatch_and_upload()
        urls = {item: f"https://blobs.test/results/{item}.jsonl{query}" for item in (batch_id, other)}
        with pytest.raises(InputRejected):
            await call_back_with(exchange, batch_id, urls[other])
        await call_back_with(exchange, batch_id, urls[batch_id])


class TestUploads:
    async def test_an_event_of_a_deleted_upload_changes_nothing(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        before = exchange.get_batch(batch_id)
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id) is before

    async def test_an_upload_proves_acceptance_before_its_validation_ends(self, exchange: Exchange) -> None:
        batch_id = await exchange.register()
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
        exchange.files.blobs.clear()
        with pytest.raises(NotFound):
            await exchange.validate(batch_id)
        assert (exchange.get_batch(batch_id).status, exchange.get_batch(batch_id).validation) == ("accepted", None)

    async def test_the_last_upload_before_the_callback_is_imported(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="old"))
        await exchange.validate(batch_id)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="new"))
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        (enhancement,) = exchange.references.enhancements.values()
        assert enhancement["content"]["annotations"][0]["label"] == "new"

    async def test_an_upload_that_is_replaced_while_it_is_read_is_not_recorded(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        read = exchange.results.read

        async def replace_and_read(wanted: UUID, etag: str) -> AsyncGenerator[bytes, None]:
            await exchange.upload(wanted, annotation(exchange.reference_ids[0]))
            async for piece in read(wanted, etag):
                yield piece

        exchange.results.read = replace_and_read  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is None

    async def test_an_upload_that_is_replaced_during_its_validation_is_not_recorded(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        current_upload = exchange.results.find_upload
        calls = 0

        async def replace_before_the_second_call(wanted: UUID) -> object:
            nonlocal calls
            calls += 1
            if calls == 2:
                await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="new"))
            return await current_upload(wanted)

        exchange.results.find_upload = replace_before_the_second_call  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is None

    async def test_a_robot_that_keeps_uploading_does_not_block_the_importer(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)
        current_upload = exchange.results.find_upload
        calls = 0

        async def replace_before_each_call(wanted: UUID) -> object:
            nonlocal calls
            calls += 1
            await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label=f"number {calls}"))
            return await current_upload(wanted)

        exchange.results.find_upload = replace_before_each_call  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.run_import(batch_id)
        assert (exchange.get_batch(batch_id).status, calls < 10) == ("importing", True)
        exchange.results.find_upload = current_upload  # type: ignore[method-assign] # restores the fake
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "partial_failed"


class TestImportBeforeTheBlobEvent:
    """The callback finds an upload whose blob event has not led to a validation yet."""

    async def test_the_import_of_a_small_result_starts_at_once_and_validates_it(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        exchange.queues.sent.clear()
        await exchange.call_back(batch_id)
        assert exchange.queues.sent == [ImportMessage(batch_id)]
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"
        await exchange.validate(batch_id)
        assert exchange.queues.sent == [ImportMessage(batch_id)], "the importer needs no second message"
        assert count_validations(exchange) == 1, "the late blob event changes nothing"

    async def test_a_large_result_waits_for_its_blob_event(self, exchange_with_large_results: Exchange) -> None:
        exchange = exchange_with_large_results
        batch_id = await exchange.dispatch_and_upload()
        exchange.queues.sent.clear()
        await exchange.call_back(batch_id)
        assert exchange.queues.sent == [ValidateMessage(batch_id, exchange.clock.now + 5)]
        await exchange.validate(batch_id)
        assert exchange.queues.sent[1:] == [ImportMessage(batch_id)], "the end of the validation requests the import"
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"
        # The scheduled message arrives last.
        await exchange.validate(batch_id)
        assert count_validations(exchange) == 1

    async def test_a_callback_during_a_validation_sends_no_message(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        exchange.queues.sent.clear()
        at_each_piece(exchange, lambda: exchange.call_back(batch_id))
        await exchange.validate(batch_id)
        assert exchange.queues.sent == [ImportMessage(batch_id)]


class TestClaims:
    async def test_an_upload_is_not_validated_twice_at_the_same_time(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        at_each_piece(exchange, lambda: exchange.validate(batch_id))
        await exchange.validate(batch_id)
        assert count_validations(exchange) == 1
        assert exchange.get_batch(batch_id).validation_claim is None

    async def test_an_importer_leaves_a_validation_alone_that_is_running(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        exchange.queues.sent.clear()
        await exchange.call_back(batch_id)
        at_each_piece(exchange, lambda: exchange.run_import(batch_id))
        await exchange.validate(batch_id)
        assert count_validations(exchange) == 1
        assert exchange.get_batch(batch_id).phase == "delivered"
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"

    async def test_a_blob_event_leaves_the_validation_of_an_importer_alone(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)
        exchange.queues.sent.clear()
        at_each_piece(exchange, lambda: exchange.validate(batch_id))
        await exchange.run_import(batch_id)
        assert (count_validations(exchange), exchange.queues.sent) == (1, [])
        assert exchange.get_batch(batch_id).status == "completed"

    async def test_a_replaced_upload_is_validated_while_the_old_validation_runs(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        replaced = False

        async def replace_and_validate() -> None:
            nonlocal replaced
            if not replaced:
                replaced = True
                await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="new"))
                await exchange.validate(batch_id)

        at_each_piece(exchange, replace_and_validate)
        await exchange.validate(batch_id)
        validation = exchange.get_batch(batch_id).validation
        assert validation is not None
        assert validation.entries == 1

    async def test_after_an_error_the_redelivery_starts_at_once(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        read = exchange.results.read
        exchange.results.read = fail_to_read  # type: ignore[method-assign,assignment] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.validate(batch_id)
        exchange.results.read = read  # type: ignore[method-assign] # restores the fake
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is not None

    async def test_a_claim_that_could_not_be_released_expires(
        self, exchange: Exchange, caplog: pytest.LogCaptureFixture
    ) -> None:
        batch_id = await exchange.dispatch_and_upload()
        read, load = exchange.results.read, exchange.batches.load

        async def break_down() -> None:
            exchange.batches.load = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
            raise Unavailable("The store is down.")

        at_each_piece(exchange, break_down)
        with pytest.raises(Unavailable, match="The store is down"):
            await exchange.validate(batch_id)
        assert "could not be released" in caplog.text
        exchange.results.read, exchange.batches.load = read, load  # type: ignore[method-assign] # restores the fakes
        exchange.clock.now += 119
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is None
        exchange.clock.now += 1
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is not None

    async def test_a_claim_whose_write_seemed_to_be_lost_is_used(self, exchange: Exchange) -> None:
        """The SDK repeats a write whose answer is lost, and the second one fails because of the first one."""
        batch_id = await exchange.dispatch_and_upload()
        write = exchange.batches.replace

        async def write_and_lose(batch: Batch, etag: str) -> str:
            exchange.batches.replace = write  # type: ignore[method-assign] # restores the fake
            await write(batch, etag)
            raise WriteConflict("Another process wrote first.")

        exchange.batches.replace = write_and_lose  # type: ignore[method-assign] # replaces the fake
        await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validation is not None


class TestAfterTheImportStarted:
    async def test_the_result_blob_is_not_read_any_more(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)

        async def fail(_: object) -> AsyncIterator[list[Refusal]]:
            raise Unavailable("The store is down.")
            yield []

        exchange.references.import_entries = fail  # type: ignore[method-assign,assignment] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        blobs = set(exchange.files.blobs)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="late"))
        await exchange.validate(batch_id)
        assert set(exchange.files.blobs) == blobs
        exchange.results.find_upload = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
        assert await exchange.call_back(batch_id) == "importing"
        exchange.queues.sent.clear()
        exchange.clock.now += 900
        await sweep(exchange.services)
        assert exchange.queues.sent == [ImportMessage(batch_id)]

    async def test_a_later_upload_is_not_validated_and_changes_nothing(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        before = dict(exchange.references.enhancements)
        blobs = set(exchange.files.blobs)
        await exchange.upload(batch_id, annotation(exchange.reference_ids[0], label="late"))
        await exchange.validate(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.references.enhancements == before
        assert set(exchange.files.blobs) == blobs, "the late upload was validated"
        assert exchange.get_batch(batch_id).status == "completed"


@pytest.fixture
async def exchange_with_large_results() -> Exchange:
    """An exchange for which every result is large."""
    exchange = Exchange(deadlines=DEADLINES.model_copy(update={"small_result_limit_bytes": 0}))
    await exchange.populate()
    return exchange


def at_each_piece(exchange: Exchange, work: Callable[[], Awaitable[object]]) -> None:
    """Do this work whenever a piece of an upload is read."""
    read = exchange.results.read

    async def work_and_read(batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        async for piece in read(batch_id, etag):
            await work()
            yield piece

    exchange.results.read = work_and_read  # type: ignore[method-assign] # replaces the fake


def count_validations(exchange: Exchange) -> int:
    return sum(stored.batch.validations_started for stored in exchange.batches.items.values())


async def fail_to_read(_batch_id: UUID, _etag: str) -> AsyncIterator[bytes]:
    raise Unavailable("The store is down.")
    yield b""


async def call_back_with(exchange: Exchange, batch_id: UUID, storage_url: str) -> None:
    result = BatchRobotResult.model_validate({"request_id": str(batch_id), "storage_url": storage_url})
    await receive_callback(batch_id, result, exchange.calling_robot, exchange.services)
