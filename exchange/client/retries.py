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


class Attempts:
    """The attempts at one call. `may_be_done` says that one without a usable answer may have been carried out."""

    def __init__(self, policy: RetryPolicy, *, repeatable: bool) -> None:
        self._policy = policy
        self._repeatable = repeatable
        self._count = 0
        self.may_be_done = False

    def record_error(self, error: httpx2.RequestError) -> float | None:
        """Return the seconds until the next attempt. None if there is none."""
        self._count += 1
        not_sent = isinstance(error, _NOT_SENT)
        self.may_be_done |= not not_sent
        may_repeat = (self._repeatable or not_sent) and not isinstance(error, _FINAL)
        return self._policy.choose_delay(self._count) if may_repeat else None

    def record_answer(self, status: int, headers: Mapping[str, str]) -> float | None:
        """Return the seconds until the next attempt. None if there is none. A call with 429 was not carried out."""
        self._count += 1
        passing = status in _PASSING
        self.may_be_done |= passing
        may_repeat = status == HTTPStatus.TOO_MANY_REQUESTS or (self._repeatable and passing)
        return self._policy.choose_delay(self._count, headers) if may_repeat else None


def describe_error(error: httpx2.RequestError, url: str) -> Unreachable:
    """Return the error of a call without an answer. The query of a URL may be a secret, so it is left out."""
    parts = httpx2.URL(url)
    # The text of other errors may quote what was sent.
    reason = str(error) if isinstance(error, httpx2.NetworkError) else type(error).__name__
    return Unreachable(f"{parts.scheme}://{parts.netloc.decode()} cannot be reached: {reason}.")
