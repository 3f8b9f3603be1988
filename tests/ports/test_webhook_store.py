"""The behaviour of every `WebhookStore` and `WebhookDeliveryStore`."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.contract.webhooks import DeliveryState, WebhookEvent
from exchange.domain.errors import NotFound, WriteConflict
from exchange.domain.ids import new_id
from exchange.domain.webhook_deliveries import WebhookDelivery
from exchange.domain.webhooks import Webhook
from exchange.ports import StoredWebhooks, WebhookDeliveryStore, WebhookStore

NOW = 1_800_000_000.25


def a_webhook(**fields: object) -> Webhook:
    webhook = Webhook(
        id=new_id(),
        url="https://h.test/?a=b",
        description="d\u00e9",
        events=(WebhookEvent.BATCH_ENDED,),
        created_at=NOW,
    )
    return replace(webhook, **fields)  # type: ignore[arg-type] # the test chooses the fields


def a_delivery(webhook_id: UUID, **fields: object) -> WebhookDelivery:
    delivery = WebhookDelivery(
        id=new_id(),
        webhook_id=webhook_id,
        owner="o",
        event="batch.ended",
        batch_id=new_id(),
        body='{"type": "batch.ended"}',
        created_at=NOW,
        attempt_due_at=NOW,
        due_at=NOW + 300,
    )
    return replace(delivery, **fields)  # type: ignore[arg-type] # the test chooses the fields


def an_owner() -> str:
    return f"an owner / with # odd ? characters {uuid4()}"


async def test_a_user_without_webhooks_has_none(webhooks: WebhookStore) -> None:
    owner = an_owner()
    assert await webhooks.load(owner) == StoredWebhooks(owner, (), etag="")


async def test_webhooks_are_read_back_unchanged(webhooks: WebhookStore) -> None:
    owner = an_owner()
    written = (a_webhook(), a_webhook(enabled=False, disabled_reason="r", secret_version=3, previous_secret_until=NOW))
    await webhooks.replace(StoredWebhooks(owner, written, etag="", requested_at=(NOW, NOW + 0.5)))
    assert (await webhooks.load(owner)).requested_at == (NOW, NOW + 0.5)
    assert (await webhooks.load(owner)).webhooks == written
    for webhook in written:
        assert await webhooks.find_owner(webhook.id) == owner


async def test_a_webhook_that_was_deleted_has_no_owner(webhooks: WebhookStore) -> None:
    owner, webhook = an_owner(), a_webhook()
    await webhooks.replace(StoredWebhooks(owner, (webhook,), etag=""))
    stored = await webhooks.load(owner)
    await webhooks.replace(replace(stored, webhooks=()))
    assert (await webhooks.load(owner)).webhooks == ()
    with pytest.raises(NotFound, match=str(webhook.id)):
        await webhooks.find_owner(webhook.id)


async def test_of_several_concurrent_writes_one_takes_effect(webhooks: WebhookStore) -> None:
    owner = an_owner()
    for _ in range(2):
        stored = await webhooks.load(owner)
        writes = (webhooks.replace(replace(stored, webhooks=(a_webhook(),))) for _ in range(5))
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["NoneType", *["WriteConflict"] * 4]


async def test_a_delivery_is_created_once(deliveries: WebhookDeliveryStore) -> None:
    delivery = a_delivery(new_id())
    assert await deliveries.create(delivery) == delivery
    assert await deliveries.create(replace(delivery, body="other")) == delivery
    assert (await deliveries.load(delivery.webhook_id, delivery.id)).delivery == delivery
    for webhook_id, delivery_id in ((delivery.webhook_id, new_id()), (new_id(), delivery.id)):
        with pytest.raises(NotFound):
            await deliveries.load(webhook_id, delivery_id)


async def test_a_write_with_an_old_etag_is_a_conflict(deliveries: WebhookDeliveryStore) -> None:
    delivery = a_delivery(new_id())
    await deliveries.create(delivery)
    stored = await deliveries.load(delivery.webhook_id, delivery.id)
    first = replace(delivery, reason="first", http_status=503, duration_s=0.5, call_until=NOW)
    etag = await deliveries.replace(first, stored.etag)
    with pytest.raises(WriteConflict):
        await deliveries.replace(replace(delivery, reason="second"), stored.etag)
    fresh = await deliveries.load(delivery.webhook_id, delivery.id)
    assert (fresh.delivery, fresh.etag) == (first, etag)


async def test_the_latest_deliveries_of_a_webhook_are_listed_latest_first(deliveries: WebhookDeliveryStore) -> None:
    webhook_id = new_id()
    made = [a_delivery(webhook_id, created_at=NOW + age) for age in (2, 0, 3, 1)]
    for delivery in (*made, a_delivery(new_id())):
        await deliveries.create(delivery)
    assert await deliveries.list_latest(webhook_id, 3) == [made[2], made[0], made[3]]
    assert await deliveries.list_latest(new_id(), 3) == []


async def test_overdue_deliveries_are_listed_longest_overdue_first(deliveries: WebhookDeliveryStore) -> None:
    webhook_id = new_id()
    soon, late, future = (a_delivery(webhook_id, due_at=NOW + wait) for wait in (-10, -20, 10))
    ended = a_delivery(webhook_id, due_at=None, state=DeliveryState.DELIVERED)
    for delivery in (soon, late, future, ended):
        await deliveries.create(delivery)

    async def list_overdue(now: float) -> list[WebhookDelivery]:
        # The store has deliveries of other tests too.
        return [delivery async for delivery in deliveries.list_overdue(now) if delivery.webhook_id == webhook_id]

    assert await list_overdue(NOW) == [late, soon]
    stored = await deliveries.load(webhook_id, late.id)
    await deliveries.replace(replace(late, due_at=None), stored.etag)
    assert await list_overdue(NOW + 10) == [soon, future]


async def test_failed_deliveries_of_all_webhooks_are_listed_latest_first(deliveries: WebhookDeliveryStore) -> None:
    # The store has deliveries of other tests too. These are later than all of them.
    later = NOW + 1e6
    made = [
        a_delivery(new_id(), created_at=later + age, due_at=None, state=DeliveryState.FAILED) for age in (2, 0, 3, 1)
    ]
    ended = a_delivery(new_id(), created_at=later + 9, due_at=None, state=DeliveryState.DELIVERED)
    for delivery in (*made, ended, a_delivery(new_id(), created_at=later + 8)):
        await deliveries.create(delivery)
    assert await deliveries.list_failed(3) == [made[2], made[0], made[3]]
    assert await deliveries.count_failed(3) == 3
    assert await deliveries.count_failed(1_000) >= 4
