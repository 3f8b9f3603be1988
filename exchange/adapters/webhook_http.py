"""HTTP calls to webhooks, by Standard Webhooks 1.0."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

import aiohttp
from standardwebhooks import Webhook as Signer

from exchange.adapters.addresses import find_address_faults
from exchange.adapters.guarded_connector import make_guarded_connector
from exchange.adapters.retry_after import parse_retry_after
from exchange.domain.public_addresses import find_url_faults
from exchange.domain.webhook_deliveries import WebhookAnswer, WebhookDelivery
from exchange.ports import Clock

# The body of an answer is read so that the connection can be used again. A longer body closes the connection.
_ANSWER_BYTES = 4 << 10
_JSON = "application/json"


class HttpWebhookCalls:
    """Posts events to webhooks; see `ports.WebhookCalls`. One connection pool for the process.

    Unless `unrestricted`, it calls https only, and public addresses only.
    """

    def __init__(self, timeout_s: float, clock: Clock, *, unrestricted: bool) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._clock = clock
        self._unrestricted = unrestricted
        self._session: aiohttp.ClientSession | None = None

    async def find_address_faults(self, url: str) -> list[str]:
        """Return why this address may not be called. Each call checks again, because DNS may change."""
        return [] if self._unrestricted else await find_address_faults(url, "url")

    async def post(self, url: str, secrets: Sequence[str], delivery: WebhookDelivery) -> WebhookAnswer:
        """Post the body. A redirect is not followed; it is the answer."""
        if not self._unrestricted and find_url_faults(url, "url"):
            return WebhookAnswer(None, "its address may not be called", None)
        headers = {"Content-Type": _JSON, **make_headers(secrets, delivery.id, delivery.body, self._clock())}
        started = monotonic()
        try:
            async with self._open().post(
                url, data=delivery.body.encode(), headers=headers, allow_redirects=False
            ) as response:
                await _read_start(response)
                reason = None if response.ok and response.status < 300 else f"HTTP {response.status}"  # noqa: PLR2004 - RFC 9110
                retry_after_s = parse_retry_after(response.headers)
                return WebhookAnswer(response.status, reason, monotonic() - started, retry_after_s)
        except TimeoutError:
            reason = f"no answer within {self._timeout.total:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the class of the error, because its text may quote the address.
            reason = f"the connection failed ({type(error).__name__})"
        return WebhookAnswer(None, reason, monotonic() - started)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector() if self._unrestricted else make_guarded_connector()
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                auto_decompress=False,
                # The cookies of one receiver must not reach another one.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def make_headers(secrets: Sequence[str], delivery_id: UUID, body: str, now: float) -> dict[str, str]:
    """Return the signed headers. Each secret adds a signature, and the receiver needs one that matches its own."""
    signed_at = datetime.fromtimestamp(int(now), UTC)
    signatures = (Signer(secret).sign(str(delivery_id), signed_at, body) for secret in secrets)
    return {
        "webhook-id": str(delivery_id),
        "webhook-timestamp": str(int(now)),
        "webhook-signature": " ".join(signatures),
    }


async def _read_start(response: aiohttp.ClientResponse) -> None:
    """Read at most the first bytes of the answer. If the connection breaks, the status still counts."""
    try:
        remaining = _ANSWER_BYTES
        while remaining > 0 and (piece := await response.content.read(remaining)):
            remaining -= len(piece)
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass
