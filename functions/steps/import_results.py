"""The accepted entries of a result are imported, window after window, and the report is written."""

import logging
from uuid import UUID

from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.ports import Services
from functions.steps.advance import advance
from functions.steps.final_report import write_report
from functions.steps.import_window import import_window, next_window
from functions.steps.validate import validate_upload
from functions.telemetry.spans import handling, note

log = logging.getLogger(__name__)


async def import_results(batch_id: UUID, services: Services) -> None:
    """Import what the robot delivered, from wherever an earlier run got to, to the end. Done twice, it adds nothing.

    Raises NotFound if there is no such batch.
    """
    batch = (await services.batches.load(batch_id)).batch
    with handling("import", batch):
        batch = await _import(batch_id, services)
        note(status=batch.status.value, added=batch.progress.added, refused=batch.progress.refused)
    log.info("batch %s: all that there was to import is imported", batch_id)


async def _import(batch_id: UUID, services: Services) -> Batch:
    batch = await _pin(batch_id, services)
    while batch.phase is Phase.PINNED:
        window = await next_window(batch, services)
        if window is None:
            attempt = await write_report(batch, services)
            batch = (await advance(batch_id, events.ReportWritten(attempt), services)).batch
        else:
            batch = await import_window(batch, window, services)
    return batch


async def _pin(batch_id: UUID, services: Services) -> Batch:
    """Pin the validation of the upload that stands, validating it first if need be.

    Once: if the upload is replaced meanwhile, the validation of the new one sends another order.
    """

    async def observe(batch: Batch) -> events.Event:
        # Once pinned, an import goes on by what we wrote, whatever becomes of the robot's blob.
        looks = batch.phase is Phase.REPORTED
        return events.ImportBegun(await services.results.standing(batch_id) if looks else None)

    batch = (await advance(batch_id, observe, services)).batch
    if batch.phase is Phase.REPORTED:
        await validate_upload(batch_id, services)
        batch = (await advance(batch_id, observe, services)).batch
    return batch
