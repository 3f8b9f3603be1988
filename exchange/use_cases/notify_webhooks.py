"""The notification that a batch has ended: a delivery for each webhook. The end of a part goes to its batch request."""

import logging

from exchange.contract.webhooks import DeliveryState, WebhookEvent
from exchange.domain.events import EndNotified
from exchange.domain.webhook_deliveries import make_delivery, make_message
from exchange.domain.webhook_events import describe_end
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, batch_operation
from exchange.use_cases.advance import advance
from exchange.use_cases.parts import report_end
from exchange.use_cases.send_webhook_message import send_webhook_message

log = logging.getLogger(__name__)

_EVENT = WebhookEvent.BATCH_ENDED


@batch_operation("notify")
async def notify_webhooks(stored: StoredBatch, services: Services) -> None:
    """Make a delivery for each webhook of the requestor that receives the event, then record it in the batch.

    Idempotent: a repeated message makes no second delivery.
    """
    batch = stored.batch
    if not batch.notify_due:
        log.info("batch %s: nobody to notify", batch.id)
        return
    if batch.part is not None:
        await report_end(stored, services)
        return
    found = await services.webhooks.load(batch.requestor)
    receivers = [webhook for webhook in found.webhooks if webhook.receives(_EVENT)]
    for webhook in receivers:
        new = make_delivery(describe_end(batch), webhook.id, batch.requestor, services.clock(), services.deadlines)
        delivery = await services.webhook_deliveries.create(new)
        if delivery.state is DeliveryState.PENDING:
            await send_webhook_message(make_message(delivery), services)
    add_span_attributes(webhooks=len(receivers))
    await advance(stored, EndNotified(), services)
