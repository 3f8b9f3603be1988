"""The report of a batch, and the enhancements that it added: what the validation accepted, without what was refused."""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection, Coroutine
from contextlib import aclosing
from typing import Any
from uuid import UUID

from exchange.concurrency import run_concurrently
from exchange.domain import blob_names, events
from exchange.domain.added import find_accepted, is_all_added
from exchange.domain.batch import Batch
from exchange.domain.chunks import REFUSALS, Chunk, Refusal
from exchange.domain.counts import get_imported_validation
from exchange.domain.lines import LineSplitter
from exchange.domain.report import ReportPart, ReportWriter
from exchange.ports import Services
from exchange.telemetry.operations import operation
from exchange.use_cases.heartbeat import Heartbeat


@operation("write report")
async def write_report(batch: Batch, services: Services) -> events.ReportWritten:
    """Write the blobs of the report, after the last chunk. Return the event that ends the batch with them."""
    attempt = services.new_id()
    refusals = [refusal async for refusal in _read_refusals(batch, services)]
    writer = ReportWriter(batch, refusals)
    work: list[Coroutine[Any, Any, None]] = [_write_lines(batch, attempt, writer, services)]
    if batch.progress.added and not is_all_added(batch):
        work.append(_write_enhancements(batch, attempt, {refusal.entry for refusal in refusals}, services))
    async for _ in run_concurrently(work, len(work)):
        pass
    if writer.errors:
        async with services.files.create(blob_names.errors(batch.id, attempt)) as errors:
            await errors.write(writer.errors.summarize().model_dump_json().encode())
    return events.ReportWritten(attempt, writer.outcome)


async def _write_lines(batch: Batch, attempt: UUID, writer: ReportWriter, services: Services) -> None:
    heartbeat = Heartbeat(batch.id, services)
    async with (
        services.files.create(blob_names.report_text(batch.id, attempt)) as text,
        services.files.create(blob_names.report_lines(batch.id, attempt)) as lines,
    ):
        async for written in _write_parts(batch, writer, services):
            await text.write(written.text)
            await lines.write(written.lines)
            await heartbeat.beat()


async def find_enhanced(batch: Batch, services: Services) -> Collection[str]:
    """Return the references that at least one entry is recorded as added for. Works without a report, too."""
    writer = ReportWriter(batch, [refusal async for refusal in _read_refusals(batch, services)])
    async for _ in _write_parts(batch, writer, services):
        pass
    return writer.enhanced


async def _write_parts(batch: Batch, writer: ReportWriter, services: Services) -> AsyncIterator[ReportPart]:
    splitter = LineSplitter()
    draft = services.files.read(blob_names.draft_report(batch.id, get_imported_validation(batch).attempt))
    async for data in draft:
        yield await asyncio.to_thread(lambda piece: writer.write(splitter.feed(piece)), data)


async def _read_refusals(batch: Batch, services: Services) -> AsyncIterator[Refusal]:
    for end in batch.progress.refused_chunks:
        name = blob_names.refused(batch.id, get_imported_validation(batch).attempt, end)
        content = b"".join([data async for data in services.files.read(name)])
        for refusal in REFUSALS.validate_json(content):
            yield refusal


async def _write_enhancements(batch: Batch, attempt: UUID, refused: Collection[int], services: Services) -> None:
    """Write the enhancements of the imported chunks that requestors may read."""
    name, convert = find_accepted(batch)
    heartbeat = Heartbeat(batch.id, services)
    splitter = LineSplitter()
    left = batch.progress.offset

    def format_piece(piece: bytes) -> bytes:
        chunk = Chunk(sys.maxsize, sys.maxsize, 0, convert)
        chunk.fill(splitter.feed(piece))
        return chunk.entries.format_public(refused)

    async with (
        services.files.create(blob_names.enhancements(batch.id, attempt)) as blob,
        aclosing(services.files.read(name)) as pieces,
    ):
        async for data in pieces:
            await blob.write(await asyncio.to_thread(format_piece, data[:left]))
            await heartbeat.beat()
            left -= len(data)
            if left <= 0:
                break
