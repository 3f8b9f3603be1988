"""Creating, reading, changing and deleting webhooks, and replacing their secrets."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from exchange.contract.base import to_time
from exchange.contract.webhooks import ProvisionedWebhook, WebhookIn, WebhookList, WebhookPatch, WebhookRead
from exchange.domain import webhooks
from exchange.domain.callers import User
from exchange.domain.errors import Forbidden, InputRejected, NotFound
from exchange.domain.webhooks import Webhook, Webhooks
from exchange.ports import Services, StoredWebhooks
from exchange.use_cases.write_conflicts import repeat_after_conflicts


async def create_webhook(new: WebhookIn, user: User, services: Services) -> ProvisionedWebhook:
    """Create a webhook of the user. Raises Conflict at the limit, InputRejected for an address that is not allowed."""
    await _check_address(new.url, services)
    webhook_id, now = services.new_id(), services.clock()

    def add(known: Webhooks) -> Webhooks:
        return webhooks.add(known, webhook_id, new, now, services.limits.webhooks_limit)

    changed = await _update(user.id, add, services)
    return _with_secret(_get(changed, webhook_id), services)


async def list_webhooks(user: User, services: Services) -> WebhookList:
    """Return the user's own webhooks, oldest first."""
    stored = await services.webhooks.load(user.id)
    return WebhookList(webhooks=[to_wire(webhook) for webhook in stored.webhooks])


async def read_webhook(webhook_id: UUID, user: User, services: Services) -> WebhookRead:
    """Return a webhook. Raises NotFound, Forbidden."""
    return to_wire(_get((await load_owned(webhook_id, user, services)).webhooks, webhook_id))


async def change_webhook(webhook_id: UUID, patch: WebhookPatch, user: User, services: Services) -> WebhookRead:
    """Change a webhook. Raises NotFound, Forbidden, InputRejected for an address that is not allowed."""
    stored = await load_owned(webhook_id, user, services)
    if patch.url is not None:
        await _check_address(patch.url, services)
    changed = await update_one(stored.owner, webhook_id, lambda webhook: webhooks.change(webhook, patch), services)
    return to_wire(_get(changed, webhook_id))


async def delete_webhook(webhook_id: UUID, user: User, services: Services) -> None:
    """Delete a webhook. Raises NotFound, Forbidden."""
    stored = await load_owned(webhook_id, user, services)

    def remove(known: Webhooks) -> Webhooks:
        return tuple(webhook for webhook in known if webhook.id != webhook_id)

    await _update(stored.owner, remove, services)


async def replace_webhook_secret(webhook_id: UUID, user: User, services: Services) -> ProvisionedWebhook:
    """Replace the secret. The previous one signs too for `webhook_secret_overlap_s`. Raises NotFound, Forbidden.

    The version is chosen once, so that a write that is repeated because its answer was lost makes one new secret only.
    """
    stored = await load_owned(webhook_id, user, services)
    version = _get(stored.webhooks, webhook_id).secret_version + 1
    until = services.clock() + services.deadlines.webhook_secret_overlap_s
    changed = await update_one(
        stored.owner, webhook_id, lambda webhook: webhooks.replace_secret(webhook, version, until), services
    )
    return _with_secret(_get(changed, webhook_id), services)


async def request_delivery(owner: str, services: Services) -> None:
    """Record that the owner of webhooks requests a delivery. Raises TooManyDeliveries."""

    async def read_and_write() -> None:
        stored = await services.webhooks.load(owner)
        requested_at = webhooks.request_delivery(stored.requested_at, services.clock())
        await services.webhooks.replace(replace(stored, requested_at=requested_at))

    await repeat_after_conflicts(read_and_write, "webhook")


async def load_owned(webhook_id: UUID, user: User, services: Services) -> StoredWebhooks:
    """Return the webhooks among which this one is. Only its owner and operators may see it.

    Raises NotFound, Forbidden.
    """
    own = await services.webhooks.load(user.id)
    if webhooks.find(own.webhooks, webhook_id) is not None:
        return own
    owner = await services.webhooks.find_owner(webhook_id)
    if not user.is_operator:
        raise Forbidden("This webhook belongs to another user.")
    return await services.webhooks.load(owner)


async def update_one(
    owner: str, webhook_id: UUID, change: Callable[[Webhook], Webhook], services: Services
) -> Webhooks:
    """Write the changed webhook, unless it is deleted. Return all webhooks of the owner."""

    def change_one(known: Webhooks) -> Webhooks:
        return tuple(change(webhook) if webhook.id == webhook_id else webhook for webhook in known)

    return await _update(owner, change_one, services)


async def _update(owner: str, change: Callable[[Webhooks], Webhooks], services: Services) -> Webhooks:
    """Write the changed webhooks. After a write conflict, read them and change them again."""

    async def read_and_write() -> Webhooks:
        stored = await services.webhooks.load(owner)
        changed = change(stored.webhooks)
        if changed != stored.webhooks:
            await services.webhooks.replace(replace(stored, webhooks=changed))
        return changed

    return await repeat_after_conflicts(read_and_write, "webhook")


async def _check_address(url: str, services: Services) -> None:
    if faults := await services.webhook_calls.find_address_faults(url):
        raise InputRejected(*faults)


def _get(known: Webhooks, webhook_id: UUID) -> Webhook:
    webhook = webhooks.find(known, webhook_id)
    if webhook is None:
        raise NotFound(f"The webhook {webhook_id} does not exist.")
    return webhook


def to_wire(webhook: Webhook) -> WebhookRead:
    """Return the wire model of a webhook, without its secret."""
    return WebhookRead(
        id=webhook.id,
        url=webhook.url,
        description=webhook.description,
        events=list(webhook.events),
        enabled=webhook.enabled,
        disabled_reason=webhook.disabled_reason,
        created_at=to_time(webhook.created_at),
    )


def _with_secret(webhook: Webhook, services: Services) -> ProvisionedWebhook:
    secret = services.webhook_secrets.derive(webhook.id, webhook.secret_version)
    return ProvisionedWebhook(**to_wire(webhook).model_dump(), secret=secret)
