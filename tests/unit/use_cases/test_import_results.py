import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import Unavailable
from exchange.use_cases.import_chunk import import_chunk, read_next_chunk
from exchange.use_cases.import_results import import_results
from exchange.use_cases.read_batch import read_batch
from tests.fakes.world import LIMITS
from tests.results import annotation
from tests.unit.use_cases.conftest import REQUESTOR, Exchange, raise_unavailable, read_now


async def deliver(exchange: Exchange) -> UUID:
    """Dispatch a batch, upload an annotation for each reference, and call back."""
    batch_id = await exchange.dispatch_and_upload()
    await exchange.call_back(batch_id)
    return batch_id


class TestInterruptions:
    async def test_an_interrupted_import_continues_after_the_recorded_progress(self, exchange: Exchange) -> None:
        await exchange.populate(11)
        batch_id = await deliver(exchange)
        await exchange.validate(batch_id)
        chunk_sizes = fail_in_the_second_chunk(exchange)
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).progress.added == 4
        await exchange.run_import(batch_id)
        assert chunk_sizes == [4, 4, 4, 3]
        assert exchange.get_batch(batch_id).status == "completed"
        assert len(exchange.references.enhancements) == 11

    async def test_an_interrupted_import_continues_without_the_result_blob(self, exchange: Exchange) -> None:
        await exchange.populate(11)
        batch_id = await deliver(exchange)
        await exchange.validate(batch_id)
        fail_in_the_second_chunk(exchange)
        with pytest.raises(Unavailable):
            await exchange.run_import(batch_id)
        exchange.results.find_upload = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"

    async def test_a_result_deleted_before_the_import_fails_the_batch(self, exchange: Exchange) -> None:
        batch_id = await deliver(exchange)
        exchange.results.uploads.clear()
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "failed"

    @pytest.mark.parametrize("stage", ["validation", "chunk", "report"])
    async def test_long_work_records_heartbeats(self, exchange: Exchange, stage: str) -> None:
        batch_id = await deliver(exchange)
        heartbeats: list[float | None] = []
        write = exchange.batches.replace

        async def watch(batch: Batch, etag: str) -> str:
            is_new = batch.worked_at == exchange.clock.now != exchange.get_batch(batch_id).worked_at
            if is_new and not is_progress(batch):
                heartbeats.append(batch.worked_at)
            return await write(batch, etag)

        def is_progress(batch: Batch) -> bool:
            before = exchange.get_batch(batch_id)
            return (batch.validation_claim, batch.validation, batch.import_started, batch.progress) != (
                before.validation_claim,
                before.validation,
                before.import_started,
                before.progress,
            )

        slow_down(exchange, stage)
        exchange.batches.replace = watch  # type: ignore[method-assign] # replaces the fake
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"
        assert heartbeats


class TestChunks:
    async def test_the_accepted_blob_is_read_to_the_end_of_the_chunk_only(self, exchange: Exchange) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.upload(batch_id, *(annotation(item, source="s" * 40_000) for item in exchange.reference_ids))
        await exchange.call_back(batch_id)
        await exchange.validate(batch_id)
        read = exchange.files.read
        offsets: list[int] = []

        async def read_and_count(name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
            async for piece in read(name, offset, length):
                if name.endswith("accepted_enhancements.jsonl"):
                    offsets.append(offset)
                yield piece

        exchange.files.read = read_and_count  # type: ignore[method-assign] # replaces the fake
        await exchange.run_import(batch_id)
        batch = exchange.get_batch(batch_id)
        assert (batch.status, batch.progress.chunks) == ("completed", 2)
        assert [offsets.count(offset) for offset in sorted(set(offsets))] == [3, 1]

    @pytest.mark.parametrize(("references", "reads"), [(3, 1), (4, 2), (6, 2), (8, 3)])
    async def test_nothing_is_read_after_a_chunk_that_is_not_full(
        self, exchange: Exchange, references: int, reads: int
    ) -> None:
        await exchange.populate(references)
        batch_id = await deliver(exchange)
        read = exchange.files.read
        names: list[str] = []

        def read_and_count(name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
            names.append(name)
            return read(name, offset, length)

        exchange.files.read = read_and_count  # type: ignore[method-assign] # replaces the fake
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "completed"
        assert sum(name.endswith("accepted_enhancements.jsonl") for name in names) == reads


class TestRefusals:
    async def test_an_entry_that_the_store_refuses_is_reported_and_the_others_are_added(
        self, exchange: Exchange
    ) -> None:
        exchange.references.largest_item = 700
        first, second, *_ = exchange.reference_ids
        batch_id = await exchange.register_and_dispatch()
        await exchange.upload(batch_id, annotation(first), annotation(second, label="x" * 700))
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "partial_failed"
        assert exchange.read_report(batch_id)[:2] == [
            f"Reference {first}: Enhancement added.",
            f"Reference {second}: Could not be stored: it is too large",
        ]

    async def test_refusals_are_counted_and_stored_in_the_order_of_the_entries(self, exchange: Exchange) -> None:
        batch_id = await deliver(exchange)

        async def refuse_all_but_the_third(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            for entry in reversed(entries):
                yield [Refusal(entry.entry, "no room")] if entry.entry != 3 else []

        exchange.references.import_entries = refuse_all_but_the_third  # type: ignore[method-assign] # replaces the fake
        await exchange.run_import(batch_id)
        batch = exchange.get_batch(batch_id)
        assert batch.validation is not None
        assert (batch.progress.added, batch.progress.refused) == (1, 4)
        names = [blob_names.refused(batch_id, batch.validation.attempt, end) for end in batch.progress.refused_chunks]
        stored = [[item["entry"] for item in json.loads(exchange.files.blobs[name])] for name in names]
        assert stored == [[1, 2, 4], [5]]
        is_added = [entry["error"] is None for entry in exchange.read_report_entries(batch_id)]
        assert is_added == [False, False, True, False, False]

    async def test_concurrent_importers_with_different_chunk_sizes_lose_no_refusal(self, exchange: Exchange) -> None:
        batch_id = await deliver(exchange)
        limits = LIMITS.model_copy(update={"import_chunk_entries": 2})
        smaller = replace(exchange.services, limits=limits)
        overtaken = False

        async def refuse(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
            nonlocal overtaken
            refused = [Refusal(entry.entry, "no room") for entry in entries]
            if not overtaken:
                overtaken = True
                await import_a_larger_chunk()
            yield refused

        async def import_a_larger_chunk() -> None:
            stored = await exchange.batches.load(batch_id)
            chunk = await read_next_chunk(stored.batch, exchange.services)
            assert chunk is not None
            await import_chunk(stored, chunk, exchange.services)

        exchange.references.import_entries = refuse  # type: ignore[method-assign] # replaces the fake
        await import_results(batch_id, smaller)
        batch = exchange.get_batch(batch_id)
        assert (batch.progress.added, batch.progress.refused) == (0, 5)
        assert [entry["error"] is None for entry in exchange.read_report_entries(batch_id)] == [False] * 5


async def test_report_urls_exist_after_the_end_until_the_report_expires(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    before = await read_now(batch_id, REQUESTOR, exchange.services)
    assert before.validation_result_file is None
    assert (before.reference_data_url, before.result_storage_url) == (None, None)
    as_robot = await read_now(batch_id, exchange.calling_robot, exchange.services)
    assert as_robot.reference_data_url is not None
    assert as_robot.result_storage_url is not None
    await exchange.run_import(batch_id)
    after = await read_now(batch_id, REQUESTOR, exchange.services)
    assert after.validation_result_file is not None
    assert after.validation_result_url is not None
    for name in [name for name in exchange.files.blobs if "validation" in name]:
        del exchange.files.blobs[name]
    short = (await read_batch(batch_id, REQUESTOR, exchange.services, include_reference_ids=False)).batch
    assert short is not None
    assert short.validation_result_file is None


def fail_in_the_second_chunk(exchange: Exchange) -> list[int]:
    """Make the second call of `import_entries` fail. Return a list that collects the sizes of the chunks."""
    import_entries = exchange.references.import_entries
    sizes: list[int] = []

    async def fail_once(entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        sizes.append(len(entries))
        if len(sizes) == 2:
            raise Unavailable("The store is down.")
        async for refusals in import_entries(entries):
            yield refusals

    exchange.references.import_entries = fail_once  # type: ignore[method-assign] # replaces the fake
    return sizes


def slow_down(exchange: Exchange, stage: str) -> None:
    """Make each piece of the work of this stage take a minute."""
    read, read_result, import_entries = exchange.files.read, exchange.results.read, exchange.references.import_entries

    async def delay_each(pieces: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for piece in pieces:
            exchange.clock.now += 60
            yield piece

    def read_slowly(name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        pieces = read(name, offset, length)
        return delay_each(pieces) if name.endswith("draft_report.jsonl") else pieces

    if stage == "validation":
        exchange.results.read = lambda *args: delay_each(read_result(*args))  # type: ignore[method-assign] # replaces the fake
    if stage == "chunk":
        exchange.references.import_entries = lambda entries: delay_each(import_entries(entries))  # type: ignore[method-assign] # replaces the fake
    if stage == "report":
        exchange.files.read = read_slowly  # type: ignore[method-assign] # replaces the fake
