"""The report of a batch: the draft report of the validation, corrected by what the store refused."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.chunks import REFUSALS, Refusal
from exchange.domain.lines import LineSplitter
from exchange.domain.report import ReportWriter
from exchange.ports import Services
from exchange.telemetry.operations import operation
from exchange.use_cases.heartbeat import Heartbeat
from exchange.use_cases.import_chunk import get_imported_validation


@operation("write report")
async def write_report(batch: Batch, services: Services) -> UUID:
    """Write both forms of the report, after the last chunk. Return the attempt that names their blobs."""
    attempt = services.new_id()
    writer = ReportWriter([refusal async for refusal in _read_refusals(batch, services)])
    splitter = LineSplitter()
    heartbeat = Heartbeat(batch.id, services)
    draft = services.files.read(blob_names.draft_report(batch.id, get_imported_validation(batch).attempt))
    async with (
        services.files.create(blob_names.report_text(batch.id, attempt)) as text,
        services.files.create(blob_names.report_lines(batch.id, attempt)) as lines,
    ):
        async for data in draft:
            written = await asyncio.to_thread(lambda piece: writer.write(splitter.feed(piece)), data)
            await text.write(written.text)
            await lines.write(written.lines)
            await heartbeat.beat()
    return attempt


async def _read_refusals(batch: Batch, services: Services) -> AsyncIterator[Refusal]:
    for end in batch.progress.refused_chunks:
        name = blob_names.refused(batch.id, get_imported_validation(batch).attempt, end)
        content = b"".join([data async for data in services.files.read(name)])
        for refusal in REFUSALS.validate_json(content):
            yield refusal
