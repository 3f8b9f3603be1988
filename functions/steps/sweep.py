"""Whatever is overdue moves on: lost messages, lost blob events, lost callbacks, robots that never answer."""

import logging
from uuid import UUID

from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.domain.errors import Unavailable
from functions.ports import Services
from functions.steps.advance import advance
from functions.telemetry.logs import about
from functions.telemetry.spans import handling

log = logging.getLogger(__name__)


async def sweep(services: Services) -> None:
    """Look at each overdue batch, alone: one that can't be moved does not hold up the rest.

    Raises an ExceptionGroup of what went wrong, after the last batch.
    """
    wrong: list[Exception] = []
    async for batch_id in services.batches.due(services.clock()):
        with about(batch_id=batch_id):
            try:
                await _sweep_batch(batch_id, services)
            except Exception as error:  # noqa: BLE001 - raised below, with those of the other batches
                log.warning("batch %s could not be swept: %s", batch_id, type(error).__name__)
                error.add_note(f"batch {batch_id}")
                wrong.append(error)
    if wrong:
        raise ExceptionGroup("Some batches could not be swept.", wrong)


async def _sweep_batch(batch_id: UUID, services: Services) -> None:
    async def observe(batch: Batch) -> events.Event:
        if batch.phase not in {Phase.RECEIVED, Phase.ACCEPTED}:
            return events.Swept(None)
        try:
            return events.Swept(await services.results.standing(batch_id))
        except Unavailable:
            # Wait for the store as long as for the robot; after that, even this batch has to end.
            if services.clock() < batch.created_at + 2 * services.deadlines.robot_silence_s:
                raise
            return events.Swept(None, seen=False)

    with handling("sweep", (await services.batches.load(batch_id)).batch):
        swept = await advance(batch_id, observe, services)
        if swept.moved:
            log.info("batch %s was overdue and is %s", batch_id, swept.batch.status)
