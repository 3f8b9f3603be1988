"""Sending a message about a delivery to a webhook."""

import logging

from exchange.domain.errors import Unavailable
from exchange.domain.messages import WebhookMessage
from exchange.ports import Services

log = logging.getLogger(__name__)


async def send_webhook_message(message: WebhookMessage | None, services: Services) -> None:
    """Send the message, if there is one. If the queue is down, the sweep sends it later."""
    if message is None:
        return
    try:
        await services.queues.send(message)
    except Unavailable as error:
        log.warning("delivery %s: its message could not be sent, so the sweep will: %s", message.delivery_id, error)
