"""Receivers of webhooks. Each is called with the number of the call for this event."""

from collections.abc import Callable

from exchange.domain.webhook_deliveries import WebhookAnswer

ReceiverBehaviour = Callable[[int], WebhookAnswer]

_ACCEPTED = WebhookAnswer(204, None, 0.1)
_BUSY = WebhookAnswer(503, "HTTP 503", 0.1, 7.0)
_NO_ANSWER = WebhookAnswer(None, "no answer within 15 s", 15.0)
_GONE = WebhookAnswer(410, "HTTP 410", 0.1)

# How often a receiver that recovers fails before.
_FAILURES = 2


def accept(_number: int) -> WebhookAnswer:
    """Accept every event."""
    return _ACCEPTED


def be_busy_at_first(number: int) -> WebhookAnswer:
    """Accept an event after some attempts."""
    return _BUSY if number <= _FAILURES else _ACCEPTED


def lose_answers_at_first(number: int) -> WebhookAnswer:
    """Receive the event, but let the exchange know only after some attempts."""
    return _NO_ANSWER if number <= _FAILURES else _ACCEPTED


def be_gone(_number: int) -> WebhookAnswer:
    """Want no events any more."""
    return _GONE


RECEIVERS: tuple[ReceiverBehaviour, ...] = (accept, be_busy_at_first, lose_answers_at_first, be_gone)
