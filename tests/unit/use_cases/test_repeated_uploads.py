"""A robot that uploads often: how many uploads are validated, and what is left of the others."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from exchange.domain.batch import Batch
from exchange.domain.errors import Unavailable, WriteConflict
from exchange.domain.messages import ImportMessage
from exchange.use_cases.sweep import sweep
from tests.fakes.world import DEADLINES
from tests.results import annotation
from tests.unit.use_cases.conftest import Exchange, raise_unavailable

LIMIT = 3
OF_VALIDATION = ["accepted_enhancements.jsonl", "draft_report.jsonl"]


@pytest.fixture
async def exchange() -> Exchange:
    update: dict[str, float] = {"early_validations_limit": LIMIT, "small_result_limit_bytes": 0}
    exchange = Exchange(deadlines=DEADLINES.model_copy(update=update))
    await exchange.populate()
    return exchange


async def upload(exchange: Exchange, batch_id: UUID, label: str) -> None:
    await exchange.upload(batch_id, *(annotation(item, label=label) for item in exchange.reference_ids))


async def upload_and_validate(exchange: Exchange, batch_id: UUID, times: int) -> None:
    for number in range(times):
        await upload(exchange, batch_id, f"upload {number}")
        await exchange.validate(batch_id)


def list_attempts(exchange: Exchange) -> set[str]:
    """List the attempts at a validation that have a blob."""
    names = (name.split("/") for name in exchange.files.blobs)
    return {attempt for _, attempt, *rest in names if rest and rest[0] in OF_VALIDATION}


def only_recorded(exchange: Exchange, batch_id: UUID) -> set[str]:
    validation = exchange.get_batch(batch_id).validation
    return {str(validation.attempt)} if validation else set()


class TestLimit:
    async def test_the_last_of_many_uploads_is_imported_although_few_are_validated_before(
        self, exchange: Exchange
    ) -> None:
        batch_id = await exchange.register_and_dispatch()
        await upload_and_validate(exchange, batch_id, 4 * LIMIT)
        assert exchange.get_batch(batch_id).validations_started == LIMIT
        exchange.queues.sent.clear()
        await exchange.call_back(batch_id)
        assert exchange.queues.sent == [ImportMessage(batch_id)], "only an import validates it"
        await exchange.run_import(batch_id)
        batch = exchange.get_batch(batch_id)
        assert (batch.status, batch.validations_started) == ("completed", LIMIT + 1)
        stored = exchange.references.enhancements.values()
        assert {item["content"]["annotations"][0]["label"] for item in stored} == {f"upload {4 * LIMIT - 1}"}

    async def test_uploads_after_the_callback_are_bounded_too(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await upload(exchange, batch_id, "first")
        await exchange.call_back(batch_id)
        read = exchange.results.read

        async def replace_and_read(wanted: UUID, etag: str) -> AsyncIterator[bytes]:
            await upload(exchange, batch_id, "next")
            async for piece in read(wanted, etag):
                yield piece

        exchange.results.read = replace_and_read  # type: ignore[method-assign,assignment] # replaces the fake
        for _ in range(4 * LIMIT):
            await exchange.validate(batch_id)
        assert exchange.get_batch(batch_id).validations_started == LIMIT
        exchange.results.read = read  # type: ignore[method-assign] # restores the fake
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"


class TestBlobs:
    async def test_a_replaced_validation_leaves_no_blobs(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await upload_and_validate(exchange, batch_id, LIMIT)
        assert list_attempts(exchange) == only_recorded(exchange, batch_id) != set()

    async def test_a_validation_that_is_superseded_while_it_runs_leaves_no_blobs(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        find_upload, calls = exchange.results.find_upload, 0

        async def replace_before_the_end(wanted: UUID) -> object:
            nonlocal calls
            calls += 1
            if calls == 2:
                await upload(exchange, batch_id, "new")
            return await find_upload(wanted)

        exchange.results.find_upload = replace_before_the_end  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.validate(batch_id)
        assert list_attempts(exchange) == only_recorded(exchange, batch_id) == set()

    async def test_a_validation_that_fails_leaves_no_blobs(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        write = exchange.batches.replace

        async def fail_later(batch: Batch, etag: str) -> str:
            if batch.validation is not None:
                raise Unavailable("The store is down.")
            return await write(batch, etag)

        exchange.batches.replace = fail_later  # type: ignore[method-assign] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.validate(batch_id)
        assert list_attempts(exchange) == set()

    async def test_the_blobs_of_a_failed_attempt_to_write_them_are_deleted(self, exchange: Exchange) -> None:
        batch_id = await exchange.dispatch_and_upload()
        deleted: list[str] = []
        exchange.files.delete = _append_to(deleted)  # type: ignore[method-assign,assignment] # replaces the fake

        async def fail(_batch_id: UUID, _etag: str) -> AsyncIterator[bytes]:
            raise Unavailable("The store is down.")
            yield b""

        exchange.results.read = fail  # type: ignore[method-assign,assignment] # replaces the fake
        with pytest.raises(Unavailable):
            await exchange.validate(batch_id)
        assert [name.rpartition("/")[2] for name in deleted] == OF_VALIDATION

    @pytest.mark.parametrize("error", [Unavailable, WriteConflict])
    async def test_the_blobs_of_a_validation_are_kept_if_only_the_answer_to_its_record_was_lost(
        self, exchange: Exchange, error: type[Unavailable]
    ) -> None:
        batch_id = await exchange.dispatch_and_upload()
        write = exchange.batches.replace

        async def write_and_lose(batch: Batch, etag: str) -> str:
            new_etag = await write(batch, etag)
            if batch.validation is not None:
                exchange.batches.replace = write  # type: ignore[method-assign] # restores the fake
                raise error("The answer was lost.")
            return new_etag

        exchange.batches.replace = write_and_lose  # type: ignore[method-assign] # replaces the fake
        try:
            await exchange.validate(batch_id)
        except Unavailable:
            assert error is Unavailable
        assert list_attempts(exchange) == only_recorded(exchange, batch_id) != set()

    async def test_a_blob_that_cannot_be_deleted_does_not_stop_the_validation(
        self, exchange: Exchange, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def fail(_name: str) -> None:
            raise Unavailable("The store is down.")

        exchange.files.delete = fail  # type: ignore[method-assign,assignment] # replaces the fake
        batch_id = await exchange.register_and_dispatch()
        await upload_and_validate(exchange, batch_id, 2)
        assert "a superseded blob could not be deleted" in caplog.text
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"


class TestFaults:
    async def test_an_upload_that_cannot_be_a_result_fails_its_batch_without_being_read(
        self, exchange: Exchange
    ) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.results.put(batch_id, b"", fault="The result file was copied.")
        exchange.results.read = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.validate(batch_id)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        batch = exchange.get_batch(batch_id)
        assert (batch.status, batch.error) == ("failed", "The result file was copied.")
        assert len(exchange.read_report(batch_id)) == len(exchange.reference_ids)

    async def test_the_sweep_delivers_it_without_a_callback(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.results.put(batch_id, b"", fault="The result file is encrypted.")
        exchange.clock.now += DEADLINES.callback_wait_s
        await sweep(exchange.services)
        await exchange.run_import(batch_id)
        assert (exchange.get_batch(batch_id).status, exchange.get_batch(batch_id).error) == (
            "failed",
            "The result file is encrypted.",
        )

    async def test_it_can_be_replaced_before_the_callback(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.results.put(batch_id, b"", fault="The result file was copied.")
        await exchange.validate(batch_id)
        await upload(exchange, batch_id, "good")
        await exchange.validate(batch_id)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"


def _append_to(names: list[str]) -> object:
    async def append(name: str) -> None:
        names.append(name)

    return append
