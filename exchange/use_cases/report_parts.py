"""The report of a batch request in parts: the reports of its parts, one after the other.

The entries are numbered on, as if the result files of the parts were one file. A part without a report has a line for
each of its references that it did not enhance, and so has each reference that was in no part at the end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.contract.reports import BatchErrors, EntryKind
from exchange.domain import blob_names, events
from exchange.domain.added import find_added
from exchange.domain.batch import Batch, Phase
from exchange.domain.division import Range, derive_part_id
from exchange.domain.error_counter import ErrorCounter
from exchange.domain.errors import NotFound
from exchange.domain.renumbering import renumber_enhancements, renumber_lines, renumber_text
from exchange.domain.report import ReportPart
from exchange.ports import BlobWriter, Services, StoredBatch
from exchange.telemetry.operations import operation
from exchange.use_cases.advance import advance
from exchange.use_cases.heartbeat import Heartbeat
from exchange.use_cases.manifest_file import read_range
from exchange.use_cases.write_report import find_enhanced

log = logging.getLogger(__name__)

# Ids of references for which lines are made at once.
_SLICE = 10_000
# A batch request may have ten thousand parts, and a caller may wait for all of them.
_LOADED_AT_ONCE = 50


async def report_parts(stored: StoredBatch, services: Services) -> None:
    """Write the report of the batch request and end it. Idempotent: another attempt writes other blobs."""
    batch = stored.batch
    if batch.phase is not Phase.REPORTING:
        log.info("batch %s: no report is due", batch.id)
        return
    attempt = await _write_report(batch, services)
    ended = await advance(stored, events.ReportWritten(attempt, None), services)
    log.info("batch %s: its report is written status=%s", batch.id, ended.batch.status)


async def find_parts(batch: Batch, services: Services) -> AsyncIterator[Batch]:
    """Yield the parts of a batch request that count: those whose references did not go to another part.

    A batch request that is not in parts is its only part.
    """
    if batch.division is None:
        yield batch
        return
    made = batch.division.made
    for start in range(1, made + 1, _LOADED_AT_ONCE):
        numbers = range(start, min(start + _LOADED_AT_ONCE, made + 1))
        for part in await asyncio.gather(*(_load_part(batch, number, services) for number in numbers)):
            if part is not None and part.part is not None and not part.part.returned:
                yield part


async def _load_part(batch: Batch, number: int, services: Services) -> Batch | None:
    try:
        return (await services.batches.load(derive_part_id(batch.registration, number))).batch
    except NotFound:
        log.warning("batch %s: part %d has expired", batch.id, number)
        return None


@operation("write report")
async def _write_report(batch: Batch, services: Services) -> UUID:
    attempt = services.new_id()
    async with (
        services.files.create(blob_names.report_text(batch.id, attempt)) as text,
        services.files.create(blob_names.report_lines(batch.id, attempt)) as lines,
        services.files.create(blob_names.enhancements(batch.id, attempt)) as enhancements,
    ):
        writer = _Writer(batch, text, lines, enhancements, services)
        async for part in find_parts(batch, services):
            await writer.add_part(part)
        await writer.add_left()
    if writer.errors:
        async with services.files.create(blob_names.errors(batch.id, attempt)) as blob:
            await blob.write(writer.errors.summarize().model_dump_json().encode())
    return attempt


class _Writer:
    """Writes the blobs of the report, part by part."""

    def __init__(
        self, batch: Batch, text: BlobWriter, lines: BlobWriter, enhancements: BlobWriter, services: Services
    ) -> None:
        self._batch = batch
        self._text, self._lines, self._enhancements = text, lines, enhancements
        self._services = services
        self._heartbeat = Heartbeat(batch.id, services)
        self._entries = 0
        self.errors = ErrorCounter()

    async def add_part(self, part: Batch) -> None:
        """Add what became of the references of a part."""
        if part.report is None or part.validation is None:
            if part.part is not None:
                # An import that stalled has added enhancements, although there is no report of it.
                enhanced = await find_enhanced(part, self._services) if part.import_started else frozenset[str]()
                await self._add_references(part.part.range, part.error or "The part has no report.", enhanced)
            return
        async for data in self._read_whole_lines(blob_names.report_text(part.id, part.report)):
            await self._text.write(renumber_text(data, self._entries))
        async for data in self._read_whole_lines(blob_names.report_lines(part.id, part.report)):
            await self._lines.write(renumber_lines(data, self._entries))
        if (added := find_added(part)) is not None and not part.test_run:
            async for data in self._read_whole_lines(added):
                await self._enhancements.write(renumber_enhancements(data, self._entries))
        # A part without errors is completed, and has no blob of them.
        if part.status is not BatchStatus.COMPLETED:
            await self._add_errors(blob_names.errors(part.id, part.report))
        self._entries += part.validation.entries

    async def add_left(self) -> None:
        """Add the references that are in no part."""
        division = self._batch.division
        if division is None:
            return
        cancelled = self._batch.cancel_requested_at is not None
        error = (
            "No robot fetched it in time." if division.size is None else "Not sent: the robot answered no job before."
        )
        if cancelled:
            error = "Not sent to a robot: the batch request was cancelled."
        for left in division.list_left(self._batch.selected_count):
            await self._add_references(left, error)

    async def _add_references(self, wanted: Range, error: str, enhanced: Collection[str] = frozenset()) -> None:
        for piece in wanted.cut(_SLICE):
            report = ReportPart()
            for reference_id in await read_range(self._batch, piece, self._services.files):
                if str(reference_id) in enhanced:
                    continue
                report.add(EntryKind.MISSING, reference_id, 0, error, error)
                self.errors.add(EntryKind.MISSING, error, str(reference_id))
            await self._text.write(report.text)
            await self._lines.write(report.lines)
            await self._heartbeat.beat()

    async def _add_errors(self, name: str) -> None:
        content = b"".join([data async for data in self._services.files.read(name)])
        self.errors.add_all(BatchErrors.model_validate_json(content))

    async def _read_whole_lines(self, name: str) -> AsyncIterator[bytes]:
        """Yield the blob in pieces that end with a line."""
        rest = b""
        async with aclosing(self._services.files.read(name)) as pieces:
            async for data in pieces:
                whole, newline, rest_of_data = data.rpartition(b"\n")
                if newline:
                    yield rest + whole + newline
                    rest = rest_of_data
                else:
                    rest += data
                await self._heartbeat.beat()
        if rest:
            yield rest
