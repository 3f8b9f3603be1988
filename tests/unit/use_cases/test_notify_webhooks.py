"""From the end of a batch to its webhooks."""

import json
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.reports import ReferenceCounts
from exchange.contract.webhooks import DeliveryState, ProvisionedWebhook, WebhookDeliveryRead, WebhookIn, WebhookPatch
from exchange.domain.errors import Conflict, Forbidden, NotFound, TooManyDeliveries, Unavailable
from exchange.domain.ids import new_id
from exchange.domain.messages import NotifyMessage, WebhookMessage
from exchange.domain.webhook_deliveries import WebhookAnswer
from exchange.ports import StoredWebhooks
from exchange.use_cases import manage_deliveries, manage_webhooks
from exchange.use_cases.call_webhook import call_webhook
from exchange.use_cases.notify_webhooks import notify_webhooks
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.sweep import sweep
from exchange.use_cases.sweep_deliveries import sweep_deliveries
from tests.fakes.webhooks import Post
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange


async def create_webhook(exchange: Exchange) -> ProvisionedWebhook:
    return await manage_webhooks.create_webhook(WebhookIn(url="https://hook.test"), REQUESTOR, exchange.services)


async def end_batch(exchange: Exchange) -> UUID:
    batch_id = await exchange.register_and_dispatch()
    await exchange.call_back(batch_id, error="broken")
    return batch_id


async def run_queue(exchange: Exchange) -> None:
    """Handle the messages about webhooks that are due, each twice."""
    while due := [message for message in exchange.queues.sent if is_due(exchange, message)]:
        exchange.queues.sent = [message for message in exchange.queues.sent if message not in due]
        for message in due * 2:
            if isinstance(message, NotifyMessage):
                await notify_webhooks(message.batch_id, exchange.services)
            elif isinstance(message, WebhookMessage):
                await call_webhook(message.webhook_id, message.delivery_id, message.attempt, exchange.services)


def is_due(exchange: Exchange, message: object) -> bool:
    if isinstance(message, WebhookMessage):
        return (message.deliver_at or 0.0) <= exchange.clock.now
    return isinstance(message, NotifyMessage)


async def list_deliveries(exchange: Exchange, webhook_id: UUID) -> Sequence[WebhookDeliveryRead]:
    return (await manage_deliveries.list_deliveries(webhook_id, REQUESTOR, exchange.services)).deliveries


def answer_with(exchange: Exchange, *answers: WebhookAnswer) -> None:
    """Answer the calls with these. The last one answers all later calls."""
    remaining = list(answers)

    async def answer(_post: Post) -> WebhookAnswer:
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    exchange.webhook_calls.behaviour = answer


BUSY, ACCEPTED = WebhookAnswer(503, "HTTP 503", 0.5), WebhookAnswer(200, None, 0.5)


async def test_each_webhook_is_told_of_the_end_of_a_batch_once(exchange: Exchange) -> None:
    first, second = await create_webhook(exchange), await create_webhook(exchange)
    batch_id = await end_batch(exchange)
    await run_queue(exchange)
    posts = exchange.webhook_calls.posts
    assert [list(post.secrets) for post in posts] == [[first.secret], [second.secret]]
    body = json.loads(posts[0].delivery.body)
    assert body == {
        "type": "batch.ended",
        "timestamp": body["timestamp"],
        "data": {
            "id": str(batch_id),
            "request_status": "failed",
            "error": "The robot reported an error: broken",
            "error_code": "robot_error",
            "counts": ReferenceCounts(requested=5, failed=5).model_dump(),
            "metadata": None,
            "source": None,
            "robot_id": str(exchange.robot.id),
        },
    }
    (delivery,) = await list_deliveries(exchange, first.id)
    assert (delivery.state, delivery.attempt, delivery.http_status) == (DeliveryState.DELIVERED, 1, 204)
    batch = exchange.get_batch(batch_id)
    assert (batch.notify_due, batch.due_at) == (False, None)


async def test_a_batch_that_ends_at_its_registration_is_notified(exchange: Exchange) -> None:
    """All its references are enhanced already."""
    await create_webhook(exchange)
    for reference_id in exchange.reference_ids:
        own = {"id": str(new_id()), "robot_id": str(exchange.robot.id), "created_at": "2027-01-01T00:00:00Z"}
        exchange.references.put(annotation(reference_id, **own))
    request = BatchEnhancementRequestIn(
        robot_id=exchange.robot.id, reference_ids=exchange.reference_ids, skip_enhanced=True
    )
    batch = await register_batch(request, REQUESTOR, exchange.services)
    assert batch.request_status == "completed"
    await run_queue(exchange)
    (post,) = exchange.webhook_calls.posts
    assert json.loads(post.delivery.body)["data"]["id"] == str(batch.id)


async def test_a_batch_of_a_requestor_without_webhooks_costs_one_read(exchange: Exchange) -> None:
    for user, enabled in ((OPERATOR, True), (REQUESTOR, False)):
        created = await manage_webhooks.create_webhook(WebhookIn(url="https://h.test"), user, exchange.services)
        await manage_webhooks.change_webhook(created.id, WebhookPatch(enabled=enabled), user, exchange.services)
    reads = count_reads(exchange)
    batch_id = await end_batch(exchange)
    assert reads == [REQUESTOR.id]
    assert exchange.count_sent(NotifyMessage) == 0
    assert exchange.get_batch(batch_id).due_at is None


def count_reads(exchange: Exchange) -> list[str]:
    load, reads = exchange.webhooks.load, list[str]()

    async def load_and_count(owner: str) -> StoredWebhooks:
        reads.append(owner)
        return await load(owner)

    exchange.webhooks.load = load_and_count  # type: ignore[method-assign] # wraps the fake
    return reads


async def test_an_outage_of_the_webhooks_does_not_keep_a_batch_from_ending(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    load = exchange.webhooks.load

    async def fail(owner: str) -> StoredWebhooks:
        raise Unavailable(f"the webhooks of {owner} cannot be read")

    exchange.webhooks.load = fail  # type: ignore[method-assign] # replaces the fake
    batch_id = await end_batch(exchange)
    assert exchange.get_batch(batch_id).status == "failed"
    with pytest.raises(Unavailable):
        await notify_webhooks(batch_id, exchange.services)
    exchange.webhooks.load = load  # type: ignore[method-assign] # restores the fake
    await run_queue(exchange)
    assert len(await list_deliveries(exchange, webhook.id)) == 1


async def test_lost_messages_are_repaired_by_the_sweep(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    exchange.queues.down = True
    batch_id = await end_batch(exchange)
    await notify_webhooks(batch_id, exchange.services)
    exchange.queues.down = False
    exchange.clock.now += 300
    await sweep_deliveries(exchange.services)
    await run_queue(exchange)
    assert [delivery.state for delivery in await list_deliveries(exchange, webhook.id)] == [DeliveryState.DELIVERED]

    exchange.queues.down = True
    other = await end_batch(exchange)
    exchange.queues.down = False
    exchange.clock.now += 300
    await sweep(exchange.services)
    await run_queue(exchange)
    assert len(exchange.webhook_calls.posts) == 2
    assert not exchange.get_batch(other).notify_due


async def test_an_open_batch_is_never_notified(exchange: Exchange) -> None:
    await create_webhook(exchange)
    batch_id = await exchange.register_and_dispatch()
    await notify_webhooks(batch_id, exchange.services)
    assert not exchange.webhook_deliveries.items


async def test_a_failed_attempt_is_repeated_with_the_same_id_and_body(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    answer_with(exchange, BUSY, BUSY, ACCEPTED)
    await end_batch(exchange)
    await run_queue(exchange)
    (delivery,) = await list_deliveries(exchange, webhook.id)
    assert (delivery.state, delivery.attempt, delivery.reason) == (DeliveryState.PENDING, 1, "HTTP 503")
    assert delivery.next_attempt_at is not None
    for wait in (5, 300):
        exchange.clock.now += wait
        await run_queue(exchange)
    (delivery,) = await list_deliveries(exchange, webhook.id)
    assert (delivery.state, delivery.attempt, delivery.next_attempt_at) == (DeliveryState.DELIVERED, 3, None)
    assert len({(post.delivery.id, post.delivery.body) for post in exchange.webhook_calls.posts}) == 1


async def test_a_410_of_an_earlier_address_disables_nothing(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    moved = WebhookPatch(url="https://new.test")

    async def move(_post: Post) -> WebhookAnswer:
        await manage_webhooks.change_webhook(webhook.id, moved, REQUESTOR, exchange.services)
        return WebhookAnswer(410, "HTTP 410", 0.1)

    exchange.webhook_calls.behaviour = move
    await end_batch(exchange)
    await run_queue(exchange)
    assert len(exchange.webhook_calls.posts) == 1
    assert (await manage_webhooks.read_webhook(webhook.id, REQUESTOR, exchange.services)).enabled


async def test_a_410_disables_the_webhook_and_ends_its_deliveries(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    answer_with(exchange, BUSY, WebhookAnswer(410, "HTTP 410", 0.1))
    for _ in range(2):
        await end_batch(exchange)
    await run_queue(exchange)
    read = await manage_webhooks.read_webhook(webhook.id, REQUESTOR, exchange.services)
    assert (read.enabled, read.disabled_reason) == (False, "The receiver answered 410 Gone.")
    exchange.clock.now += 5
    await run_queue(exchange)
    deliveries = await list_deliveries(exchange, webhook.id)
    assert {delivery.reason for delivery in deliveries} == {"HTTP 410", "the webhook is disabled"}
    await end_batch(exchange)
    assert exchange.count_sent(NotifyMessage) == 0


async def test_a_delivery_of_a_deleted_webhook_fails(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    await end_batch(exchange)
    (message,) = [message for message in exchange.queues.sent if isinstance(message, NotifyMessage)]
    await notify_webhooks(message.batch_id, exchange.services)
    await manage_webhooks.delete_webhook(webhook.id, REQUESTOR, exchange.services)
    await run_queue(exchange)
    ((delivery),) = [stored.delivery for stored in exchange.webhook_deliveries.items.values()]
    assert (delivery.state, delivery.reason) == (DeliveryState.FAILED, "the webhook was deleted")
    assert not exchange.webhook_calls.posts


async def test_a_message_of_an_expired_delivery_is_ignored(exchange: Exchange) -> None:
    await call_webhook(uuid4(), uuid4(), 1, exchange.services)
    assert not exchange.webhook_calls.posts


async def test_a_test_is_one_attempt(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    answer_with(exchange, BUSY)
    sent = await manage_deliveries.send_test(webhook.id, REQUESTOR, exchange.services)
    await run_queue(exchange)
    (delivery,) = await list_deliveries(exchange, webhook.id)
    assert (delivery.id, delivery.event, delivery.state) == (sent.id, "webhook.test", DeliveryState.FAILED)
    assert json.loads(exchange.webhook_calls.posts[0].delivery.body)["data"] == {"webhook_id": str(webhook.id)}


async def test_an_event_can_be_redelivered(exchange: Exchange) -> None:
    webhook = await create_webhook(exchange)
    await end_batch(exchange)
    await run_queue(exchange)
    (delivery,) = await list_deliveries(exchange, webhook.id)
    again = await manage_deliveries.redeliver(webhook.id, delivery.id, REQUESTOR, exchange.services)
    assert (again.id, again.state, again.attempt) == (delivery.id, DeliveryState.PENDING, 1)
    await run_queue(exchange)
    assert len({post.delivery.id for post in exchange.webhook_calls.posts}) == 1
    assert len(exchange.webhook_calls.posts) == 2
    with pytest.raises(NotFound, match="no delivery"):
        await manage_deliveries.redeliver(webhook.id, uuid4(), REQUESTOR, exchange.services)


async def test_requested_deliveries_are_limited_for_all_webhooks_of_a_user_together(exchange: Exchange) -> None:
    first, second = await create_webhook(exchange), await create_webhook(exchange)
    other = await manage_webhooks.create_webhook(WebhookIn(url="https://h.test"), OPERATOR, exchange.services)
    for webhook in (first, second) * 5:
        exchange.clock.now += 1
        await manage_deliveries.send_test(webhook.id, REQUESTOR, exchange.services)
    for webhook in (first, second):
        with pytest.raises(TooManyDeliveries) as raised:
            await manage_deliveries.send_test(webhook.id, REQUESTOR, exchange.services)
        assert raised.value.retry_after_s == 51
    await manage_deliveries.send_test(other.id, OPERATOR, exchange.services)
    # A new webhook does not help.
    await manage_webhooks.delete_webhook(second.id, REQUESTOR, exchange.services)
    second = await create_webhook(exchange)
    with pytest.raises(TooManyDeliveries):
        await manage_deliveries.send_test(second.id, REQUESTOR, exchange.services)
    exchange.clock.now += 51
    delivery = await manage_deliveries.send_test(first.id, REQUESTOR, exchange.services)
    with pytest.raises(TooManyDeliveries):
        await manage_deliveries.redeliver(first.id, delivery.id, REQUESTOR, exchange.services)


async def test_deliveries_belong_to_the_owner_and_need_an_enabled_webhook(exchange: Exchange) -> None:
    created = await manage_webhooks.create_webhook(WebhookIn(url="https://h.test"), OPERATOR, exchange.services)
    for use in (manage_deliveries.list_deliveries, manage_deliveries.send_test):
        with pytest.raises(Forbidden):
            await use(created.id, REQUESTOR, exchange.services)
    sent = await manage_deliveries.send_test(created.id, OPERATOR, exchange.services)
    with pytest.raises(Forbidden):
        await manage_deliveries.redeliver(created.id, sent.id, REQUESTOR, exchange.services)
    await manage_webhooks.change_webhook(created.id, WebhookPatch(enabled=False), OPERATOR, exchange.services)
    with pytest.raises(Conflict, match="disabled"):
        await manage_deliveries.send_test(created.id, OPERATOR, exchange.services)
    with pytest.raises(Conflict, match="disabled"):
        await manage_deliveries.redeliver(created.id, sent.id, OPERATOR, exchange.services)
