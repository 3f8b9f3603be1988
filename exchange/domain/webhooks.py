"""The webhooks of a user, and the secrets that sign what they receive."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from exchange.contract.webhooks import WebhookEvent, WebhookIn, WebhookPatch
from exchange.domain.errors import Conflict, TooManyDeliveries

PREFIX = "whsec_"
# A receiver may take 15 s for each delivery, and an instance of the app makes four at a time for all users.
MAX_REQUESTED_PER_MINUTE = 10
_MINUTE_S = 60.0
_FIRST_SECRET = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address of a user that is called about events. Times are in seconds since the epoch.

    `previous_secret_until` is the time until which the secret of the previous version signs too. None means that it
    does not. `disabled_reason` says why the exchange disabled the webhook.
    """

    id: UUID
    url: str
    description: str
    events: tuple[WebhookEvent, ...]
    created_at: float
    enabled: bool = True
    disabled_reason: str | None = None
    secret_version: int = _FIRST_SECRET
    previous_secret_until: float | None = None

    def receives(self, event: WebhookEvent) -> bool:
        """Return whether the webhook receives this event."""
        return self.enabled and event in self.events


Webhooks = tuple[Webhook, ...]
"""All webhooks of one user, oldest first."""


def find(webhooks: Webhooks, webhook_id: UUID) -> Webhook | None:
    """Return the webhook with this id, if there is one."""
    return next((webhook for webhook in webhooks if webhook.id == webhook_id), None)


def add(webhooks: Webhooks, webhook_id: UUID, new: WebhookIn, now: float, limit: int) -> Webhooks:
    """Add a webhook. Idempotent. Raises Conflict at the limit."""
    if find(webhooks, webhook_id) is not None:
        return webhooks
    if len(webhooks) >= limit:
        raise Conflict(f"You have {limit} webhooks, which is the limit. Delete one first.")
    added = Webhook(id=webhook_id, url=new.url, description=new.description, events=tuple(new.events), created_at=now)
    return (*webhooks, added)


def change(webhook: Webhook, patch: WebhookPatch) -> Webhook:
    """Return the changed webhook. To enable it removes the reason for which it was disabled."""
    enabled = webhook.enabled if patch.enabled is None else patch.enabled
    return replace(
        webhook,
        url=webhook.url if patch.url is None else patch.url,
        description=webhook.description if patch.description is None else patch.description,
        events=webhook.events if patch.events is None else tuple(patch.events),
        enabled=enabled,
        disabled_reason=None if enabled else webhook.disabled_reason,
    )


def request_delivery(requested_at: Sequence[float], now: float) -> tuple[float, ...]:
    """Add a request of a delivery to those of the last minute. Raises TooManyDeliveries if there were too many."""
    recent = [at for at in requested_at if now - _MINUTE_S < at <= now]
    if len(recent) >= MAX_REQUESTED_PER_MINUTE:
        raise TooManyDeliveries(
            f"You have requested {MAX_REQUESTED_PER_MINUTE} deliveries in the last minute, which is the limit.",
            retry_after_s=min(recent) + _MINUTE_S - now,
        )
    return (*recent, now)


def disable(webhook: Webhook, reason: str) -> Webhook:
    """Return the webhook as one that the exchange has disabled."""
    return replace(webhook, enabled=False, disabled_reason=reason)


def replace_secret(webhook: Webhook, version: int, previous_until: float) -> Webhook:
    """Return the webhook with this version of its secret. Idempotent."""
    if webhook.secret_version >= version:
        return webhook
    return replace(webhook, secret_version=version, previous_secret_until=previous_until)


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """Derives the secrets of webhooks from the master key of the exchange, so that none is stored."""

    master_key: str = field(repr=False)

    def derive(self, webhook_id: UUID, version: int) -> str:
        """Return the secret in the form of Standard Webhooks: a prefix, and 32 bytes in base64.

        The label keeps these secrets apart from those of robots, which have the same master key.
        """
        message = f"webhook:{webhook_id}:{version}".encode()
        key = hmac.new(self.master_key.encode(), message, hashlib.sha256).digest()
        return PREFIX + base64.b64encode(key).decode()

    def list_valid(self, webhook: Webhook, now: float) -> Sequence[str]:
        """Return the secrets that sign now, newest first: the current one, and the previous one until its end."""
        until, version = webhook.previous_secret_until, webhook.secret_version
        versions = [version, version - 1] if until is not None and now < until else [version]
        return [self.derive(webhook.id, valid) for valid in versions]
