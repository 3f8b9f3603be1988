"""What the owner of a webhook does with deliveries: reads them, repeats one, and tests the webhook."""

from uuid import UUID

from exchange.contract.base import to_optional_time, to_time
from exchange.contract.webhooks import DeliveryState, WebhookDeliveryList, WebhookDeliveryRead
from exchange.domain import webhook_deliveries, webhooks
from exchange.domain.callers import User
from exchange.domain.errors import Conflict
from exchange.domain.webhook_deliveries import WebhookDelivery, make_delivery, make_message
from exchange.domain.webhook_events import describe_test
from exchange.ports import Services, StoredWebhooks
from exchange.use_cases.call_webhook import advance_delivery
from exchange.use_cases.manage_webhooks import load_owned, request_delivery
from exchange.use_cases.send_webhook_message import send_webhook_message

_LISTED = 100


async def list_deliveries(webhook_id: UUID, user: User, services: Services) -> WebhookDeliveryList:
    """Return the latest deliveries of a webhook, latest first. Raises NotFound, Forbidden."""
    await load_owned(webhook_id, user, services)
    found = await services.webhook_deliveries.list_latest(webhook_id, _LISTED)
    return WebhookDeliveryList(deliveries=[_to_wire(delivery) for delivery in found])


async def send_test(webhook_id: UUID, user: User, services: Services) -> WebhookDeliveryRead:
    """Deliver a test event, in one attempt.

    Raises NotFound, Forbidden, TooManyDeliveries, and Conflict if the webhook is disabled.
    """
    stored = await load_owned(webhook_id, user, services)
    _check_enabled(stored, webhook_id)
    await request_delivery(stored.owner, services)
    now = services.clock()
    new = make_delivery(describe_test(webhook_id, now), webhook_id, stored.owner, now, services.deadlines)
    delivery = await services.webhook_deliveries.create(new)
    await send_webhook_message(make_message(delivery), services)
    return _to_wire(delivery)


async def redeliver(webhook_id: UUID, delivery_id: UUID, user: User, services: Services) -> WebhookDeliveryRead:
    """Deliver an event again, now, with the whole schedule of attempts.

    Raises NotFound, Forbidden, TooManyDeliveries, and Conflict if the webhook is disabled or the event is being
    delivered.
    """
    stored = await load_owned(webhook_id, user, services)
    found = await services.webhook_deliveries.load(webhook_id, delivery_id)
    _check_enabled(stored, webhook_id)
    await request_delivery(stored.owner, services)
    now = services.clock()
    again = await advance_delivery(
        found, lambda delivery: webhook_deliveries.redeliver(delivery, now, services.deadlines), services
    )
    return _to_wire(again.delivery)


def _check_enabled(stored: StoredWebhooks, webhook_id: UUID) -> None:
    webhook = webhooks.find(stored.webhooks, webhook_id)
    if webhook is not None and not webhook.enabled:
        raise Conflict("The webhook is disabled. Enable it first.")


def _to_wire(delivery: WebhookDelivery) -> WebhookDeliveryRead:
    is_pending = delivery.state is DeliveryState.PENDING
    return WebhookDeliveryRead(
        id=delivery.id,
        event=delivery.event,
        batch_request_id=delivery.batch_id,
        created_at=to_time(delivery.created_at),
        state=delivery.state,
        attempt=delivery.calls_started,
        attempted_at=to_optional_time(delivery.called_at),
        http_status=delivery.http_status,
        reason=delivery.reason,
        duration_s=delivery.duration_s,
        next_attempt_at=to_time(delivery.attempt_due_at) if is_pending else None,
    )
