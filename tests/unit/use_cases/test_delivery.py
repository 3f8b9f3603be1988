"""Uploads and callbacks: `validate_upload` and `receive_callback`, in any order."""

from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

import pytest

from exchange.contract.robots import BatchRobotResult
from exchange.domain.chunks import Refusal
from exchange.domain.errors import Conflict, InputRejected, NotFound, ResultMissing, Unavailable
from exchange.domain.messages import ImportMessage
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.sweep import sweep
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

    async def test_a_validation_after_the_callback_sends_the_import_message(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        await exchange.call_back(batch_id)
        assert exchange.count_sent(ImportMessage) == 0
        await exchange.validate(batch_id)
        assert exchange.count_sent(ImportMessage) == 1

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


async def call_back_with(exchange: Exchange, batch_id: UUID, storage_url: str) -> None:
    result = BatchRobotResult.model_validate({"request_id": str(batch_id), "storage_url": storage_url})
    await receive_callback(batch_id, result, exchange.calling_robot, exchange.services)
