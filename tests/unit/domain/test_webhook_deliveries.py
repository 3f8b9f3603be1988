from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.contract.webhooks import DeliveryState
from exchange.domain.errors import Conflict
from exchange.domain.limits import Deadlines
from exchange.domain.messages import WebhookMessage
from exchange.domain.webhook_deliveries import (
    Occurrence,
    WebhookAnswer,
    WebhookDelivery,
    fail,
    make_delivery,
    make_message,
    record_answer,
    redeliver,
    start_call,
    sweep,
)

NOW = 1_800_000_000.0
DEADLINES = Deadlines()
WEBHOOK_ID, BATCH_ID = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
ENDED = Occurrence(event="batch.ended", batch_id=BATCH_ID, body="{}")
TEST = Occurrence(event="webhook.test", batch_id=None, body="{}")
DELIVERED = WebhookAnswer(204, None, 0.2)
BUSY = WebhookAnswer(503, "HTTP 503", 0.2)
CONTRACT_DELAYS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]


def new(occurrence: Occurrence = ENDED, now: float = NOW) -> WebhookDelivery:
    return make_delivery(occurrence, WEBHOOK_ID, "owner", now, DEADLINES)


def called(delivery: WebhookDelivery | None = None, now: float = NOW) -> WebhookDelivery:
    delivery = delivery or new()
    started = start_call(delivery, delivery.attempt, now, DEADLINES)
    assert started is not delivery
    return started


def answered(answer: WebhookAnswer, delivery: WebhookDelivery | None = None, now: float = NOW + 1) -> WebhookDelivery:
    started = called(delivery, now)
    return record_answer(started, started.calls_started, answer, now, DEADLINES).delivery


def test_the_id_depends_on_the_webhook_and_the_batch_only() -> None:
    assert new().id == new(now=NOW + 50).id
    assert new().id.version == 4
    other_batch = Occurrence(event="batch.ended", batch_id=uuid4(), body="{}")
    ids = {new().id, new(other_batch).id, new(TEST).id, new(TEST, NOW + 1).id}
    assert len(ids | {make_delivery(ENDED, uuid4(), "owner", NOW, DEADLINES).id}) == 5


def test_a_new_delivery_is_due_at_once() -> None:
    delivery = new()
    assert make_message(delivery) == WebhookMessage(WEBHOOK_ID, delivery.id, 1)
    assert (delivery.state, delivery.due_at) == (DeliveryState.PENDING, NOW + 300)


def test_a_call_is_claimed_for_twice_its_timeout() -> None:
    started = called()
    assert (started.calls_started, started.called_at, started.call_until) == (1, NOW, NOW + 30)
    assert started.due_at == NOW + 30 + 300
    assert start_call(started, 1, NOW + 29, DEADLINES) is started
    assert start_call(started, 1, NOW + 30, DEADLINES).calls_started == 2


def test_a_message_for_another_attempt_or_an_early_one_is_ignored() -> None:
    waiting = answered(BUSY, answered(BUSY), NOW + 6)
    assert waiting.attempt == 3
    for attempt, now in ((2, NOW + 400), (3, NOW + 300), (4, NOW + 400)):
        assert start_call(waiting, attempt, now, DEADLINES) is waiting
    assert start_call(waiting, 3, NOW + 302, DEADLINES) is not waiting, "the clock of the queue may be ahead"


def test_a_delivered_event_is_not_sent_again() -> None:
    delivery = answered(DELIVERED)
    assert (delivery.state, delivery.due_at, delivery.http_status) == (DeliveryState.DELIVERED, None, 204)
    assert start_call(delivery, 1, NOW + 9, DEADLINES) is delivery
    assert sweep(delivery, NOW + 99_999, DEADLINES).delivery is delivery
    assert fail(delivery, "late") is delivery


def test_the_delays_are_those_of_the_contract() -> None:
    delivery, now, waits = new(), NOW, []
    while delivery.state is DeliveryState.PENDING:
        started = called(delivery, now)
        transition = record_answer(started, started.calls_started, BUSY, now, DEADLINES)
        if transition.message is not None:
            assert transition.message == WebhookMessage(
                WEBHOOK_ID, delivery.id, transition.delivery.attempt, transition.delivery.attempt_due_at
            )
            waits.append(transition.delivery.attempt_due_at - now)
        delivery, now = transition.delivery, transition.delivery.attempt_due_at
    assert waits == CONTRACT_DELAYS
    assert (delivery.state, delivery.calls_started, delivery.reason, delivery.due_at) == (
        DeliveryState.FAILED,
        10,
        "HTTP 503",
        None,
    )


@pytest.mark.parametrize(("retry_after_s", "wait"), [(1.0, 5.0), (60.0, 60.0), (1e9, 86_400.0)])
def test_retry_after_postpones_the_next_attempt_by_a_day_at_most(retry_after_s: float, wait: float) -> None:
    delivery = answered(replace(BUSY, retry_after_s=retry_after_s))
    assert delivery.attempt_due_at == NOW + 1 + wait
    assert delivery.due_at == NOW + 1 + wait + 300


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_every_other_answer_is_a_failed_attempt(status: int) -> None:
    delivery = answered(WebhookAnswer(status, f"HTTP {status}", 0.1))
    assert (delivery.state, delivery.attempt, delivery.reason) == (DeliveryState.PENDING, 2, f"HTTP {status}")


def test_a_410_and_a_failed_test_are_not_repeated() -> None:
    gone = answered(WebhookAnswer(410, "HTTP 410", 0.1))
    assert (gone.state, gone.attempt) == (DeliveryState.FAILED, 1)
    assert answered(BUSY, new(TEST)).state is DeliveryState.FAILED


def test_the_answer_to_an_earlier_call_is_ignored() -> None:
    first = called()
    second = called(first, NOW + 30)
    assert record_answer(second, first.calls_started, BUSY, NOW + 31, DEADLINES).delivery is second
    delivery = answered(DELIVERED)
    assert record_answer(delivery, delivery.calls_started, BUSY, NOW + 2, DEADLINES).delivery is delivery


def test_the_sweep_resends_a_lost_message_once_for_each_deadline() -> None:
    delivery = new()
    assert sweep(delivery, NOW + 299, DEADLINES).delivery is delivery
    transition = sweep(delivery, NOW + 300, DEADLINES)
    assert transition.message == WebhookMessage(WEBHOOK_ID, delivery.id, 1)
    assert transition.delivery.due_at == NOW + 600


def test_the_sweep_counts_an_interrupted_call_as_a_failed_attempt() -> None:
    transition = sweep(called(), NOW + 330, DEADLINES)
    assert transition.message == WebhookMessage(WEBHOOK_ID, new().id, 2, NOW + 335)
    assert transition.delivery.reason == "the attempt was interrupted"


def test_the_sweep_gives_up_after_a_day() -> None:
    delivery, now = new(), NOW
    while delivery.state is DeliveryState.PENDING:
        assert delivery.due_at is not None
        now = delivery.due_at
        delivery = sweep(delivery, now, DEADLINES).delivery
    assert (now, delivery.reason) == (NOW + 86_400, "the attempt could not be made in time")


def test_a_redelivery_starts_the_attempts_again() -> None:
    failed = fail(answered(BUSY), "the webhook is disabled")
    transition = redeliver(failed, NOW + 50, DEADLINES)
    assert transition.message == WebhookMessage(WEBHOOK_ID, failed.id, 1)
    assert (transition.delivery.attempt_due_at, transition.delivery.calls_started) == (NOW + 50, 1)
    assert called(transition.delivery, NOW + 50).calls_started == 2
    assert redeliver(answered(DELIVERED), NOW + 50, DEADLINES).delivery.state is DeliveryState.PENDING


def test_an_event_is_not_redelivered_while_it_is_being_delivered() -> None:
    with pytest.raises(Conflict, match="being delivered"):
        redeliver(called(), NOW + 29, DEADLINES)
    assert redeliver(called(), NOW + 30, DEADLINES).message is not None
