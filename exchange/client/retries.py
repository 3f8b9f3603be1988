"""When a call is repeated, and after which delay."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from exchange.client.errors import Unreachable
from exchange.domain.retry_after import parse_retry_after

# These fail before anything is sent.
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
# These would fail again: the request or the answer is not HTTP.
_FINAL = (httpx2.LocalProtocolError, httpx2.DecodingError, httpx2.UnsupportedProtocol)
# The answers of a server that is busy or restarts, and of a gateway before it.
_PASSING = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` calls. The delay is random, up to a maximum that doubles from `first_delay_s` on.

    A `Retry-After` of up to `max_retry_after_s` seconds is waited for instead.
    """

    attempts: int = 6
    first_delay_s: float = 0.5
    max_delay_s: float = 30.0
    max_retry_after_s: float = 120.0

    def choose_delay(self, attempt: int, headers: Mapping[str, str] | None = None) -> float | None:
        """Return the seconds to wait after this attempt, counted from 1. None if it was the last one."""
        if attempt >= self.attempts:
            return None
        retry_after_s = parse_retry_after(headers or {})
        if retry_after_s is not None:
            return retry_after_s if retry_after_s <= self.max_retry_after_s else None
        longest = min(self.max_delay_s, self.first_delay_s * 2 ** (attempt - 1))
        return random.uniform(0, longest)  # noqa: S311 - not for secrets  # nosec B311


def may_repeat_answer(status: int, *, repeatable: bool) -> bool:
    """Return whether a call with this answer may be sent again. One that got 429 was not carried out."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or (repeatable and status in _PASSING)


def may_repeat_error(error: httpx2.RequestError, *, repeatable: bool) -> bool:
    """Return whether a call with this error may be sent again."""
    if isinstance(error, _FINAL):
        return False
    return repeatable or isinstance(error, _NOT_SENT)


def describe_error(error: httpx2.RequestError, url: str) -> Unreachable:
    """Return the error of a call without an answer. The query of a URL may be a secret, so it is left out."""
    parts = httpx2.URL(url)
    # The text of other errors may quote what was sent.
    reason = str(error) if isinstance(error, httpx2.NetworkError) else type(error).__name__
    return Unreachable(f"{parts.scheme}://{parts.netloc.decode()} cannot be reached: {reason}.")
