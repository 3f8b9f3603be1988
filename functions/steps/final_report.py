"""The report of a batch: the verdicts of the validation, corrected by what the store refused."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from functions.domain import blob_names
from functions.domain.batch import Batch
from functions.domain.lines import LineSplitter
from functions.domain.report import ReportWriter
from functions.domain.windows import REFUSALS, Refusal
from functions.ports import Services
from functions.steps.heartbeat import Heartbeat
from functions.steps.import_window import pinned_validation
from functions.telemetry.spans import traced


@traced("write report")
async def write_report(batch: Batch, services: Services) -> UUID:
    """Write both forms of the report, after the last window, and return the attempt that names them."""
    attempt = services.new_id()
    writer = ReportWriter([refusal async for refusal in _refusals(batch, services)])
    splitter = LineSplitter()
    heartbeat = Heartbeat(batch.id, services)
    verdicts = services.files.read(blob_names.verdicts(batch.id, pinned_validation(batch).attempt))
    async with (
        services.files.create(blob_names.report_text(batch.id, attempt)) as text,
        services.files.create(blob_names.report_lines(batch.id, attempt)) as lines,
    ):
        async for chunk in verdicts:
            written = await asyncio.to_thread(lambda piece: writer.write(splitter.feed(piece)), chunk)
            await text.write(written.text)
            await lines.write(written.lines)
            await heartbeat.beat()
    return attempt


async def _refusals(batch: Batch, services: Services) -> AsyncIterator[Refusal]:
    for end in batch.progress.refused_windows:
        name = blob_names.refused(batch.id, pinned_validation(batch).attempt, end)
        content = b"".join([chunk async for chunk in services.files.read(name)])
        for refusal in REFUSALS.validate_json(content):
            yield refusal
