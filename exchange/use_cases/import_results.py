"""The import of a delivered result: its accepted entries, chunk after chunk, and then the report."""

import logging
from uuid import UUID

from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, batch_operation
from exchange.use_cases.advance import advance
from exchange.use_cases.import_chunk import import_chunk, read_next_chunk
from exchange.use_cases.validate_upload import validate_upload
from exchange.use_cases.write_report import write_report

log = logging.getLogger(__name__)


@batch_operation("import")
async def import_results(stored: StoredBatch, services: Services) -> None:
    """Import the delivered result to its end, starting after the recorded progress. Idempotent."""
    batch = await _start_import(stored, services)
    while batch.phase is Phase.IMPORTING:
        chunk = await read_next_chunk(batch, services)
        if chunk is None:
            attempt = await write_report(batch, services)
            batch = (await advance(batch.id, events.ReportWritten(attempt), services)).batch
        else:
            batch = await import_chunk(batch, chunk, services)
    add_span_attributes(status=batch.status.value, added=batch.progress.added, refused=batch.progress.refused)
    log.info("batch %s: import run finished status=%s", batch.id, batch.status)


async def _start_import(stored: StoredBatch, services: Services) -> Batch:
    """Start the import of the current upload's validation. Validate the upload first if necessary.

    Validate at most once. A newer upload gets a message of its own from its validation.
    """
    batch_id: UUID = stored.batch.id

    async def observe(batch: Batch) -> events.Event:
        # Once started, an import depends on our own blobs only, not on the robot's blob.
        if batch.phase is not Phase.DELIVERED:
            return events.ImportStarted(None)
        return events.ImportStarted(await services.results.find_upload(batch_id))

    batch = (await advance(stored, observe, services)).batch
    if batch.phase is Phase.DELIVERED:
        await validate_upload(batch_id, services)
        batch = (await advance(batch_id, observe, services)).batch
    return batch
