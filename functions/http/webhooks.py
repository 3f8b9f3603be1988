"""Webhooks: requestors create them, test them and read what was delivered."""

from http import HTTPStatus

from exchange.contract.webhooks import (
    ProvisionedWebhook,
    WebhookDeliveryList,
    WebhookDeliveryRead,
    WebhookIn,
    WebhookList,
    WebhookPatch,
    WebhookRead,
)
from exchange.use_cases import manage_deliveries, manage_webhooks
from functions.http.endpoints import Access, Content, endpoint
from functions.http.requests import ApiRequest

_WEBHOOK = "webhooks/{webhook_id}"
_DELIVERIES = _WEBHOOK + "/deliveries"


@endpoint(
    "POST",
    "webhooks",
    Access.REQUESTORS,
    ProvisionedWebhook,
    HTTPStatus.CONFLICT,
    request_model=WebhookIn,
    status=HTTPStatus.CREATED,
)
async def create_webhook(request: ApiRequest) -> ProvisionedWebhook:
    """Create a webhook that is told of the end of your batch requests. The response shows its secret."""
    return await manage_webhooks.create_webhook(request.parse_body(WebhookIn), request.user, request.services)


@endpoint("GET", "webhooks", Access.REQUESTORS, WebhookList)
async def list_webhooks(request: ApiRequest) -> WebhookList:
    """List your webhooks, oldest first."""
    return await manage_webhooks.list_webhooks(request.user, request.services)


@endpoint("GET", _WEBHOOK, Access.REQUESTORS, WebhookRead, HTTPStatus.NOT_FOUND)
async def read_webhook(request: ApiRequest) -> WebhookRead:
    """Read a webhook. The exchange disables a webhook whose receiver answers 410."""
    return await manage_webhooks.read_webhook(request.parse_path_id("webhook_id"), request.user, request.services)


@endpoint("PATCH", _WEBHOOK, Access.REQUESTORS, WebhookRead, HTTPStatus.NOT_FOUND, request_model=WebhookPatch)
async def change_webhook(request: ApiRequest) -> WebhookRead:
    """Change a webhook. Fields that are left out stay."""
    patch = request.parse_body(WebhookPatch)
    webhook_id = request.parse_path_id("webhook_id")
    return await manage_webhooks.change_webhook(webhook_id, patch, request.user, request.services)


@endpoint("DELETE", _WEBHOOK, Access.REQUESTORS, None, HTTPStatus.NOT_FOUND, status=HTTPStatus.NO_CONTENT)
async def delete_webhook(request: ApiRequest) -> Content:
    """Delete a webhook. Its pending deliveries fail."""
    await manage_webhooks.delete_webhook(request.parse_path_id("webhook_id"), request.user, request.services)
    return Content("", "", HTTPStatus.NO_CONTENT)


@endpoint(
    "POST",
    _WEBHOOK + "/secret",
    Access.REQUESTORS,
    ProvisionedWebhook,
    HTTPStatus.NOT_FOUND,
    status=HTTPStatus.CREATED,
)
async def replace_webhook_secret(request: ApiRequest) -> ProvisionedWebhook:
    """Replace the secret of a webhook. Only this response shows the new one. The old one signs too for another day."""
    webhook_id = request.parse_path_id("webhook_id")
    return await manage_webhooks.replace_webhook_secret(webhook_id, request.user, request.services)


@endpoint(
    "POST",
    _WEBHOOK + "/test",
    Access.REQUESTORS,
    WebhookDeliveryRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    status=HTTPStatus.ACCEPTED,
)
async def test_webhook(request: ApiRequest) -> WebhookDeliveryRead:
    """Deliver a test event to a webhook, in one attempt. Read the deliveries to see the answer."""
    return await manage_deliveries.send_test(request.parse_path_id("webhook_id"), request.user, request.services)


@endpoint("GET", _DELIVERIES, Access.REQUESTORS, WebhookDeliveryList, HTTPStatus.NOT_FOUND)
async def list_webhook_deliveries(request: ApiRequest) -> WebhookDeliveryList:
    """List the last 100 deliveries to a webhook, latest first."""
    return await manage_deliveries.list_deliveries(request.parse_path_id("webhook_id"), request.user, request.services)


@endpoint(
    "POST",
    _DELIVERIES + "/{delivery_id}/redeliver",
    Access.REQUESTORS,
    WebhookDeliveryRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    status=HTTPStatus.ACCEPTED,
)
async def redeliver_to_webhook(request: ApiRequest) -> WebhookDeliveryRead:
    """Deliver an event again, now, whatever became of it before. The attempts start from the first one."""
    webhook_id, delivery_id = request.parse_path_id("webhook_id"), request.parse_path_id("delivery_id")
    return await manage_deliveries.redeliver(webhook_id, delivery_id, request.user, request.services)
