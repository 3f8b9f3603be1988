"""The import of a delivered result: its accepted entries, chunk after chunk, and then the report."""

import logging

from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, batch_operation
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.import_chunk import import_chunk, read_next_chunk
from exchange.use_cases.report_parts import report_parts
from exchange.use_cases.validate_upload import validate_for_import
from exchange.use_cases.write_report import write_report

log = logging.getLogger(__name__)


@batch_operation("import")
async def import_results(stored: StoredBatch, services: Services) -> None:
    """Import the delivered result to its end, starting after the recorded progress. Idempotent.

    For a batch request in parts, put its report together from theirs.
    """
    if stored.batch.division is not None:
        await report_parts(stored, services)
        return
    stored = await _start_import(stored, services)
    stored = await _import_chunks(stored, services)
    if stored.batch.phase is Phase.IMPORTING:
        written = await write_report(stored.batch, services)
        stored = (await advance(stored, written, services)).stored
    batch = stored.batch
    add_span_attributes(status=batch.status.value, added=batch.progress.added, refused=batch.progress.refused)
    log.info("batch %s: import run finished status=%s", batch.id, batch.status)


async def _start_import(stored: StoredBatch, services: Services) -> StoredBatch:
    """Start the import of the current upload's validation. Validate the upload first if no other run does.

    Validate at most once. A newer upload, or one that another run validates, gets a message from its validation.
    """

    async def observe(batch: Batch) -> events.Event:
        # Once started, an import depends on our own blobs only, not on the robot's blob.
        if batch.phase is not Phase.DELIVERED:
            return events.ImportStarted(None)
        return events.ImportStarted(await services.results.find_upload(batch.id))

    started = (await observe_and_advance(stored, observe, services)).stored
    return await validate_for_import(started, services) if started.batch.phase is Phase.DELIVERED else started


async def _import_chunks(stored: StoredBatch, services: Services) -> StoredBatch:
    """Import chunk after chunk, to the last one or until the batch is cancelled. Nothing of a test run is imported."""
    while stored.batch.phase is Phase.IMPORTING and not (stored.batch.test_run or stored.batch.import_is_cancelled):
        chunk = await read_next_chunk(stored.batch, services)
        if chunk is None:
            break
        stored = await import_chunk(stored, chunk, services)
        # No entry follows a chunk that is not full. But another importer may have recorded a smaller one instead.
        if not chunk.full and stored.batch.progress.offset == chunk.end:
            break
    return stored
