"""The import of one chunk of accepted entries."""

import asyncio
from contextlib import aclosing

from exchange.domain import blob_names, events
from exchange.domain.added import find_accepted
from exchange.domain.batch import Batch, Progress
from exchange.domain.chunks import REFUSALS, Chunk, Refusal
from exchange.domain.counts import get_imported_validation
from exchange.domain.lines import LineSplitter
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, operation
from exchange.use_cases.advance import advance
from exchange.use_cases.heartbeat import Heartbeat


async def read_next_chunk(batch: Batch, services: Services) -> Chunk | None:
    """Read the chunk after the recorded progress. Return None after the last one."""
    limits = services.limits
    name, convert = find_accepted(batch)
    chunk = Chunk(limits.import_chunk_entries, limits.import_chunk_bytes, batch.progress.offset, convert)
    splitter = LineSplitter()
    async with aclosing(services.files.read(name, batch.progress.offset)) as pieces:
        async for data in pieces:
            await asyncio.to_thread(lambda piece: chunk.fill(splitter.feed(piece)), data)
            if chunk.full:
                break
    return chunk if chunk.entries else None


@operation("import chunk")
async def import_chunk(stored: StoredBatch, chunk: Chunk, services: Services) -> StoredBatch:
    """Store the chunk, write down what the store refused, and record the progress. Return the batch after that."""
    batch = stored.batch
    refusals: list[Refusal] = []
    heartbeat = Heartbeat(batch.id, services)
    async for refused in services.references.import_entries(chunk.entries):
        refusals += refused
        await heartbeat.beat()
    number = batch.progress.chunks + 1
    add_span_attributes(chunk=number, entries=len(chunk.entries), refused=len(refusals))
    if refusals:
        await _write_refusals(batch, chunk.end, refusals, services)
    progress = Progress(
        chunks=number,
        offset=chunk.end,
        last_entry=chunk.entries.last_entry,
        added=batch.progress.added + len(chunk.entries) - len(refusals),
        refused=batch.progress.refused + len(refusals),
        enhanced=batch.progress.enhanced + chunk.entries.count_references({refusal.entry for refusal in refusals}),
        refused_chunks=(*batch.progress.refused_chunks, *([chunk.end] if refusals else [])),
    )
    return (await advance(stored, events.ChunkImported(progress), services)).stored


async def _write_refusals(batch: Batch, end: int, refusals: list[Refusal], services: Services) -> None:
    """Write the refusals in the order of the entries, so that repeating the chunk writes the same bytes.

    The blob is named by the end of the chunk: an importer with another chunk size must not overwrite it.
    """
    name = blob_names.refused(batch.id, get_imported_validation(batch).attempt, end)
    async with services.files.create(name) as blob:
        await blob.write(REFUSALS.dump_json(sorted(refusals, key=lambda refusal: refusal.entry)))
