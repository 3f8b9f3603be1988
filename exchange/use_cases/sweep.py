"""The sweep. It repairs lost messages, lost blob events and lost callbacks, and ends batches of silent robots."""

import logging

from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.errors import Unavailable
from exchange.ports import Services, StoredBatch
from exchange.telemetry.logs import bind_log_fields
from exchange.telemetry.metrics import record_lost_notification
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import observe_and_advance

log = logging.getLogger(__name__)


async def sweep(services: Services) -> None:
    """Apply `Swept` to each overdue batch. A batch that cannot be swept does not hold up the others.

    Raises an ExceptionGroup of all errors after the last batch.
    """
    errors: list[Exception] = []
    async for batch_id in services.batches.list_overdue(services.clock()):
        with bind_log_fields(batch_id=batch_id):
            try:
                await _sweep_batch(batch_id, services)
            except Exception as error:  # noqa: BLE001 - raised below, with the errors of the other batches
                log.warning("batch %s could not be swept: %s", batch_id, type(error).__name__)
                error.add_note(f"batch {batch_id}")
                errors.append(error)
    if errors:
        raise ExceptionGroup("Some batches could not be swept.", errors)


@batch_operation("sweep")
async def _sweep_batch(stored: StoredBatch, services: Services) -> None:
    async def observe(batch: Batch) -> events.Event:
        if batch.phase not in {Phase.RECEIVED, Phase.ACCEPTED}:
            return events.Swept(None)
        try:
            return events.Swept(await services.results.find_upload(batch.id))
        except Unavailable:
            # Wait for Blob Storage as long as for the robot. After that even this batch has to end.
            if services.clock() < batch.created_at + 2 * services.deadlines.robot_silence_limit_s:
                raise
            return events.Swept(None, upload_known=False)

    swept = await observe_and_advance(stored, observe, services)
    if swept.changed and stored.batch.notify_due and not swept.batch.notify_due:
        record_lost_notification()
        log.warning("batch %s: its webhooks could not be notified in time", swept.batch.id)
    if swept.changed:
        log.info("batch %s: swept %s -> %s", swept.batch.id, stored.batch.phase, swept.batch.phase)
