"""The sweep of deliveries to webhooks. It repairs lost messages and interrupted calls."""

import logging

from exchange.domain import webhook_deliveries
from exchange.domain.errors import NotFound
from exchange.ports import Services
from exchange.telemetry.operations import operation
from exchange.use_cases.call_webhook import advance_delivery

log = logging.getLogger(__name__)


@operation("sweep deliveries")
async def sweep_deliveries(services: Services) -> None:
    """Sweep each overdue delivery. A delivery that cannot be swept does not hold up the others.

    Raises an ExceptionGroup of all errors after the last delivery.
    """
    errors: list[Exception] = []
    now = services.clock()
    async for overdue in services.webhook_deliveries.list_overdue(now):
        try:
            stored = await services.webhook_deliveries.load(overdue.webhook_id, overdue.id)
            await advance_delivery(
                stored, lambda delivery: webhook_deliveries.sweep(delivery, now, services.deadlines), services
            )
        except NotFound:
            log.info("delivery %s has expired", overdue.id)
        except Exception as error:  # noqa: BLE001 - raised below, with the errors of the other deliveries
            log.warning("delivery %s could not be swept: %s", overdue.id, type(error).__name__)
            error.add_note(f"delivery {overdue.id}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("Some deliveries could not be swept.", errors)
