"""One attempt to deliver an event to a webhook."""

import logging
from collections.abc import Callable
from uuid import UUID

from exchange.contract.webhooks import DeliveryState
from exchange.domain import webhook_deliveries, webhooks
from exchange.domain.errors import NotFound, WriteConflict
from exchange.domain.webhook_deliveries import DeliveryTransition, WebhookAnswer, WebhookDelivery
from exchange.domain.webhooks import Webhook
from exchange.ports import Services, StoredDelivery
from exchange.telemetry.metrics import record_webhook_delivery
from exchange.telemetry.operations import CLIENT, add_span_attributes, operation
from exchange.use_cases.manage_webhooks import update_one
from exchange.use_cases.send_webhook_message import send_webhook_message
from exchange.use_cases.write_conflicts import repeat_after_conflicts

log = logging.getLogger(__name__)

Decide = Callable[[WebhookDelivery], DeliveryTransition]

_GONE = "The receiver answered 410 Gone."


@operation("deliver to webhook")
async def call_webhook(webhook_id: UUID, delivery_id: UUID, attempt: int, services: Services) -> None:
    """Call the webhook for this attempt, unless the attempt is early, settled, or another process is calling.

    Idempotent: a repeated message makes no second call. A delivery whose webhook is deleted or disabled fails.
    """
    add_span_attributes(webhook_id=str(webhook_id), delivery_id=str(delivery_id), attempt=attempt)
    try:
        found = await services.webhook_deliveries.load(webhook_id, delivery_id)
    except NotFound:
        log.info("delivery %s has expired", delivery_id)
        return
    owned = await services.webhooks.load(found.delivery.owner)
    webhook = webhooks.find(owned.webhooks, webhook_id)
    if webhook is None or not webhook.enabled:
        reason = "the webhook was deleted" if webhook is None else "the webhook is disabled"
        await advance_delivery(
            found, lambda delivery: DeliveryTransition(webhook_deliveries.fail(delivery, reason)), services
        )
        return
    claimed = webhook_deliveries.start_call(found.delivery, attempt, services.clock(), services.deadlines)
    if claimed is found.delivery:
        log.info("delivery %s: nothing to call for attempt %d", delivery_id, attempt)
        return
    try:
        etag = await services.webhook_deliveries.replace(claimed, found.etag)
    except WriteConflict:
        log.info("delivery %s: another process changed it", delivery_id)
        return
    answer = await _call(webhook, claimed, services)
    if answer.gone:
        await _disable(webhook, claimed.owner, services)
    await advance_delivery(
        StoredDelivery(claimed, etag),
        lambda delivery: webhook_deliveries.record_answer(
            delivery, claimed.calls_started, answer, services.clock(), services.deadlines
        ),
        services,
    )


async def advance_delivery(stored: StoredDelivery, decide: Decide, services: Services) -> StoredDelivery:
    """Decide, write the delivery conditionally, then send the message. After a write conflict, read and decide again.

    If the process dies in between, the sweep resends the message.
    """

    async def read_and_write() -> StoredDelivery:
        nonlocal stored
        before = stored.delivery
        transition = decide(before)
        after = transition.delivery
        if after == before:
            return stored
        try:
            etag = await services.webhook_deliveries.replace(after, stored.etag)
        except WriteConflict:
            stored = await services.webhook_deliveries.load(before.webhook_id, before.id)
            raise
        if after.state is not DeliveryState.PENDING and before.state is DeliveryState.PENDING:
            record_webhook_delivery(after.state)
            log.info("delivery %s to webhook %s: %s", after.id, after.webhook_id, after.state)
        await send_webhook_message(transition.message, services)
        return StoredDelivery(after, etag)

    return await repeat_after_conflicts(read_and_write, "delivery")


@operation("call webhook", CLIENT)
async def _call(webhook: Webhook, delivery: WebhookDelivery, services: Services) -> WebhookAnswer:
    secrets = services.webhook_secrets.list_valid(webhook, services.clock())
    answer = await services.webhook_calls.post(webhook.url, secrets, delivery)
    add_span_attributes(http_status=answer.http_status)
    log.info("delivery %s: called webhook %s: %s", delivery.id, webhook.id, answer.reason or answer.http_status)
    return answer


async def _disable(called: Webhook, owner: str, services: Services) -> None:
    """Disable the webhook, because its receiver wants no more events. Ignored if it has another address by now."""

    def disable(webhook: Webhook) -> Webhook:
        return webhooks.disable(webhook, _GONE) if webhook.url == called.url else webhook

    await update_one(owner, called.id, disable, services)
