"""Deliveries to webhooks: one event for one webhook, and the attempts to deliver it.

The functions are pure, like those of the lifecycle. If they return the same delivery, nothing changes.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus
from uuid import UUID

from exchange.contract.webhooks import TEST_EVENT, DeliveryState
from exchange.domain.errors import Conflict
from exchange.domain.ids import derive_id
from exchange.domain.limits import Deadlines
from exchange.domain.messages import WebhookMessage
from exchange.domain.transitions.dispatching import CLOCK_SKEW_S

# Retry-After may postpone an attempt until then, which is also the longest delay of the schedule.
MAX_RETRY_AFTER_S = 86_400.0
_INTERRUPTED = "the attempt was interrupted"


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """The answer to one attempt. `http_status` is None if there was no answer; `reason` then says why."""

    http_status: int | None
    reason: str | None
    duration_s: float | None
    retry_after_s: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the event is delivered."""
        return self.http_status is not None and 200 <= self.http_status < 300  # noqa: PLR2004 - RFC 9110

    @property
    def gone(self) -> bool:
        """Whether the receiver wants no more events."""
        return self.http_status == HTTPStatus.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDelivery:
    """A delivery. `id` is the same for each attempt. Times are in seconds since the epoch.

    `body` is what each attempt sends. `owner` is the `id` of the user who owns the webhook. `due_at` is the next time
    at which the sweep looks at the delivery; it is None once the delivery has an end.
    """

    id: UUID
    webhook_id: UUID
    owner: str
    event: str
    batch_id: UUID | None
    body: str
    created_at: float
    state: DeliveryState = DeliveryState.PENDING
    due_at: float | None = None

    # The attempt that is due and its time, and until when a call that has started may still be running. `attempt`
    # starts again at 1 if the owner asks for a redelivery.
    attempt: int = 1
    attempt_due_at: float
    call_until: float | None = None
    resent_at: float | None = None

    # All calls that were started, and the last one.
    calls_started: int = 0
    called_at: float | None = None
    http_status: int | None = None
    reason: str | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class DeliveryTransition:
    """A delivery after an event, and the message to send once it is written."""

    delivery: WebhookDelivery
    message: WebhookMessage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened and that a webhook is told of. `body` is what it receives."""

    event: str
    batch_id: UUID | None
    body: str


def make_delivery(
    occurrence: Occurrence, webhook_id: UUID, owner: str, now: float, deadlines: Deadlines
) -> WebhookDelivery:
    """Return a new delivery. An event about a batch has one id per webhook, so that a repetition adds nothing."""
    subject = occurrence.batch_id or f"{now}"
    delivery = WebhookDelivery(
        id=derive_id("webhook delivery", webhook_id, occurrence.event, subject),
        webhook_id=webhook_id,
        owner=owner,
        event=occurrence.event,
        batch_id=occurrence.batch_id,
        body=occurrence.body,
        created_at=now,
        attempt_due_at=now,
    )
    return _with_due_at(delivery, deadlines)


def make_message(delivery: WebhookDelivery) -> WebhookMessage:
    """Return the message for the attempt that is due."""
    deliver_at = delivery.attempt_due_at if delivery.attempt > 1 else None
    return WebhookMessage(delivery.webhook_id, delivery.id, delivery.attempt, deliver_at)


def start_call(delivery: WebhookDelivery, attempt: int, now: float, deadlines: Deadlines) -> WebhookDelivery:
    """Claim the call: nothing else calls before its timeout. Ignored if early, or if a call is running."""
    is_early = now < delivery.attempt_due_at - CLOCK_SKEW_S
    if delivery.state is not DeliveryState.PENDING or attempt != delivery.attempt or is_early:
        return delivery
    if is_being_called(delivery, now):
        return delivery
    claimed = replace(
        delivery,
        calls_started=delivery.calls_started + 1,
        called_at=now,
        # Twice the timeout, because the work around the call takes time too.
        call_until=now + 2 * deadlines.webhook_call_timeout_s,
    )
    return _with_due_at(claimed, deadlines)


def is_being_called(delivery: WebhookDelivery, now: float) -> bool:
    """Return whether a call may be running."""
    return delivery.call_until is not None and now < delivery.call_until


def record_answer(
    delivery: WebhookDelivery, call: int, answer: WebhookAnswer, now: float, deadlines: Deadlines
) -> DeliveryTransition:
    """Record the answer to call number `call`, and schedule the next attempt if there is one.

    Ignored if another call has started since. 410 ends the delivery, because the receiver wants no more events.
    """
    if delivery.state is not DeliveryState.PENDING or call != delivery.calls_started or delivery.call_until is None:
        return DeliveryTransition(delivery)
    answered = replace(
        delivery,
        call_until=None,
        resent_at=None,
        http_status=answer.http_status,
        reason=answer.reason,
        duration_s=answer.duration_s,
    )
    if answer.accepted:
        return DeliveryTransition(_end(answered, DeliveryState.DELIVERED))
    delays = [] if delivery.event == TEST_EVENT else deadlines.webhook_retry_delays
    if answer.gone or delivery.attempt > len(delays):
        return DeliveryTransition(_end(answered, DeliveryState.FAILED))
    wait = max(delays[delivery.attempt - 1], min(answer.retry_after_s or 0.0, MAX_RETRY_AFTER_S))
    scheduled = replace(answered, attempt=delivery.attempt + 1, attempt_due_at=now + wait)
    return DeliveryTransition(_with_due_at(scheduled, deadlines), make_message(scheduled))


def fail(delivery: WebhookDelivery, reason: str) -> WebhookDelivery:
    """End the delivery without another attempt. Ignored if it has an end already."""
    if delivery.state is not DeliveryState.PENDING:
        return delivery
    return replace(_end(delivery, DeliveryState.FAILED), call_until=None, reason=reason)


def sweep(delivery: WebhookDelivery, now: float, deadlines: Deadlines) -> DeliveryTransition:
    """Repair an overdue delivery: resend a lost message, or treat a call without an answer as a failed attempt.

    After a day in which the attempt could not be made, the delivery fails.
    """
    if delivery.due_at is None or now < delivery.due_at:
        return DeliveryTransition(delivery)
    if now >= delivery.attempt_due_at + deadlines.webhook_wait_limit_s:
        return DeliveryTransition(fail(delivery, "the attempt could not be made in time"))
    if delivery.call_until is not None:
        interrupted = WebhookAnswer(None, _INTERRUPTED, None)
        return record_answer(delivery, delivery.calls_started, interrupted, now, deadlines)
    again = _with_due_at(replace(delivery, resent_at=now), deadlines)
    return DeliveryTransition(again, make_message(again))


def redeliver(delivery: WebhookDelivery, now: float, deadlines: Deadlines) -> DeliveryTransition:
    """Start the schedule of attempts again, now. Raises Conflict while a call is running."""
    if delivery.state is DeliveryState.PENDING and is_being_called(delivery, now):
        raise Conflict("The event is being delivered at this moment. Read the deliveries again in a minute.")
    again = replace(
        delivery, state=DeliveryState.PENDING, attempt=1, attempt_due_at=now, call_until=None, resent_at=None
    )
    return DeliveryTransition(_with_due_at(again, deadlines), make_message(again))


def _end(delivery: WebhookDelivery, state: DeliveryState) -> WebhookDelivery:
    return replace(delivery, state=state, due_at=None)


def _with_due_at(delivery: WebhookDelivery, deadlines: Deadlines) -> WebhookDelivery:
    waiting_since = max(delivery.attempt_due_at, delivery.call_until or 0.0, delivery.resent_at or 0.0)
    return replace(delivery, due_at=waiting_since + deadlines.webhook_overdue_s)
