"""HTTP calls to webhooks, by Standard Webhooks 1.0."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import aiohttp
from standardwebhooks import Webhook as Signer

from exchange.adapters.guarded_http import GuardedHttp
from exchange.domain.webhook_deliveries import WebhookAnswer, WebhookDelivery
from exchange.ports import Clock

# The body of an answer is read only so that the connection can be used again.
_ANSWER_BYTES = 4 << 10
_JSON = "application/json"


class HttpWebhookCalls:
    """Posts events to webhooks; see `ports.WebhookCalls`. Unless `unrestricted`, only to public addresses by https."""

    def __init__(self, timeout_s: float, clock: Clock, *, unrestricted: bool) -> None:
        self._http = GuardedHttp(aiohttp.ClientTimeout(total=timeout_s), unrestricted=unrestricted)
        self._clock = clock

    async def find_address_faults(self, url: str) -> list[str]:
        """Return why this address may not be called."""
        return await self._http.find_address_faults(url, "url")

    async def post(self, url: str, secrets: Sequence[str], delivery: WebhookDelivery) -> WebhookAnswer:
        """Post the body. A redirect is not followed; it is the answer."""
        headers = {"Content-Type": _JSON, **make_headers(secrets, delivery.id, delivery.body, self._clock())}
        answer = await self._http.post(url, delivery.body.encode(), headers, _ANSWER_BYTES)
        reason = answer.failure or f"HTTP {answer.status}"
        received = WebhookAnswer(answer.status, reason, answer.duration_s, answer.retry_after_s)
        return replace(received, reason=None) if received.accepted else received

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        await self._http.close()


def make_headers(secrets: Sequence[str], delivery_id: UUID, body: str, now: float) -> dict[str, str]:
    """Return the signed headers. Each secret adds a signature, and the receiver needs one that matches its own."""
    signed_at = datetime.fromtimestamp(int(now), UTC)
    signatures = (Signer(secret).sign(str(delivery_id), signed_at, body) for secret in secrets)
    return {
        "webhook-id": str(delivery_id),
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }
