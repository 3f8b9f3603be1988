"""A receiver of webhooks over real HTTP that behaves as the test specifies."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook as Verifier

from exchange.contract.webhooks import WebhookIn
from tests.e2e.exchange import Exchange

Event = dict[str, Any]
Behaviour = Callable[[str, Event, int], Awaitable[web.Response]]
"""Answers an event. It is called with the id of the delivery, the event, and the number of the call for this id."""


@dataclass(slots=True)
class Receiver:
    """Verifies each event with the secret. `calls` has the `webhook-id` and the event of each, in order of arrival."""

    behaviour: Behaviour
    url: str = ""
    secret: str = ""
    webhook_id: str = ""
    calls: list[tuple[str, Event]] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    def list_calls(self, *batch_ids: str) -> list[str]:
        """Return the `webhook-id` of each call about these batches. Other tests have batches too."""
        return [delivery_id for delivery_id, event in self.calls if event["data"].get("id") in batch_ids]

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        event = Verifier(self.secret).verify(body, dict(request.headers))
        assert event == json.loads(body)
        delivery_id = request.headers["webhook-id"]
        self.calls.append((delivery_id, event))
        self.signatures.append(request.headers["webhook-signature"])
        number = sum(known == delivery_id for known, _ in self.calls)
        return await self.behaviour(delivery_id, event, number)


@asynccontextmanager
async def running_receiver(exchange: Exchange, behaviour: Behaviour) -> AsyncIterator[Receiver]:
    """Run a receiver with a webhook of the requestor. Delete the webhook at the end."""
    receiver = Receiver(behaviour)
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        webhook = await exchange.as_user("requestor").add_webhook(WebhookIn(url=receiver.url))
        receiver.secret, receiver.webhook_id = webhook.secret, str(webhook.id)
        yield receiver
        await exchange.as_user("requestor").remove_webhook(webhook.id)
    finally:
        await runner.cleanup()


async def accept_event(_delivery_id: str, _event: Event, _number: int) -> web.Response:
    """Answer 204."""
    return web.Response(status=204)
