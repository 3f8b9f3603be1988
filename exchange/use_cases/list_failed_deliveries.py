"""The failed deliveries to all webhooks, for operators."""

from urllib.parse import urlsplit

from exchange.contract.base import to_optional_time, to_time
from exchange.contract.operations import FailedWebhookDelivery, FailedWebhookDeliveryList
from exchange.domain import webhooks
from exchange.domain.webhook_deliveries import WebhookDelivery
from exchange.domain.webhooks import Webhooks
from exchange.ports import Services


async def list_failed_deliveries(limit: int, services: Services) -> FailedWebhookDeliveryList:
    """Return the failed deliveries, latest first. Of a URL only the host is shown, because a path can be a secret."""
    found = await services.webhook_deliveries.list_failed(limit + 1)
    shown = found[:limit]
    owners = {delivery.owner for delivery in shown}
    known = {owner: (await services.webhooks.load(owner)).webhooks for owner in owners}
    return FailedWebhookDeliveryList(
        deliveries=[_to_wire(delivery, known[delivery.owner]) for delivery in shown],
        truncated=len(found) > limit,
    )


def _to_wire(delivery: WebhookDelivery, known: Webhooks) -> FailedWebhookDelivery:
    webhook = webhooks.find(known, delivery.webhook_id)
    return FailedWebhookDelivery(
        id=delivery.id,
        webhook_id=delivery.webhook_id,
        url_host=None if webhook is None else urlsplit(webhook.url).hostname,
        event=delivery.event,
        batch_request_id=delivery.batch_id,
        created_at=to_time(delivery.created_at),
        attempts=delivery.calls_started,
        attempted_at=to_optional_time(delivery.called_at),
        http_status=delivery.http_status,
        reason=delivery.reason,
    )
