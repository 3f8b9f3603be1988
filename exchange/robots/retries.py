"""HTTP requests that are repeated while they fail temporarily, with exponential backoff and full jitter."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from yarl import URL

from exchange.domain.retry_after import parse_retry_after
from exchange.robots.errors import AttemptFailedError, RefusedError

log = logging.getLogger("robot")

TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
TRANSPORT_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)

# A download has no limit in total, but a connection without data is closed.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


@dataclass(frozen=True, slots=True)
class Backoff:
    """The waits between attempts. Each is a random part of a limit, which doubles from one attempt to the next."""

    first_s: float = 0.5
    max_s: float = 60.0
    # A robot has one day to deliver. Then the batch has failed.
    total_s: float = 86_400.0

    def choose_delay(self, attempt: int, retry_after_s: float | None) -> float:
        """Return the wait after this attempt, counted from 1, or the longer one that the server asks for."""
        limit = min(self.max_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        jitter = random.uniform(0, limit)  # noqa: S311 - not for secrets  # nosec B311
        return max(jitter, min(retry_after_s or 0.0, 10 * self.max_s))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: the method, the URL, which may be signed, and its headers and body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Http:
    """Sends requests."""

    def __init__(self, session: aiohttp.ClientSession, backoff: Backoff) -> None:
        self._session = session
        self.backoff = backoff

    @asynccontextmanager
    async def send(
        self, make_attempt: Callable[[], Attempt], temporary: frozenset[int] = TEMPORARY
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request until its answer is not one of `temporary`. Yields the answer.

        `make_attempt` is called for each attempt, because a signature is valid for minutes only.
        """
        retries = Retries(self.backoff)
        while True:
            attempt = make_attempt()
            try:
                response = await self._open(attempt)
            except TRANSPORT_ERRORS as error:
                await retries.wait(f"{attempt.method} failed with {type(error).__name__}")
                continue
            if response.status not in temporary:
                break
            response.release()
            await retries.wait(describe(response), parse_retry_after(response.headers))
        try:
            yield response
        finally:
            response.release()

    async def read(
        self, make_attempt: Callable[[], Attempt], temporary: frozenset[int] = TEMPORARY
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send a request as `send` does, and return the answer and its body."""
        retries = Retries(self.backoff)
        while True:
            try:
                async with self.send(make_attempt, temporary) as response:
                    return response, await response.read()
            except TRANSPORT_ERRORS as error:
                await retries.wait(f"an answer ended early with {type(error).__name__}")

    async def read_once(self, attempt: Attempt, timeout_s: float) -> tuple[aiohttp.ClientResponse, bytes]:
        """Send a request once, and return the answer and its body. Raises AttemptFailedError if there is none."""
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._open(attempt)
                try:
                    return response, await response.read()
                finally:
                    response.release()
        except TRANSPORT_ERRORS as error:
            raise AttemptFailedError(f"{attempt.method} failed with {type(error).__name__}") from None

    async def _open(self, attempt: Attempt) -> aiohttp.ClientResponse:
        options: dict[str, Any] = {"headers": attempt.headers, "data": attempt.body, "allow_redirects": False}
        # A signed URL is used exactly as it came.
        return await self._session.request(attempt.method, URL(attempt.url, encoded=True), **options)


class Retries:
    """The attempts at one thing so far."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._attempt = 0
        self._end = time.monotonic() + backoff.total_s

    async def wait(self, reason: str, retry_after_s: float | None = None) -> None:
        """Log why an attempt failed, and wait before the next one. Raises RefusedError if it took too long."""
        self._attempt += 1
        delay_s = self._backoff.choose_delay(self._attempt, retry_after_s)
        if time.monotonic() + delay_s > self._end:
            raise RefusedError(f"{reason}, {self._attempt} times")
        log.warning("%s, retrying in %.1f s", reason, delay_s)
        await asyncio.sleep(delay_s)

    def restart(self) -> None:
        """Count from the beginning again, after progress."""
        self._attempt = 0
        self._end = time.monotonic() + self._backoff.total_s


def describe(response: aiohttp.ClientResponse) -> str:
    """Return the method and the status. The URL may be signed."""
    return f"{response.method} returned HTTP {response.status}"


def check(response: aiohttp.ClientResponse) -> None:
    """Raise RefusedError unless the request succeeded."""
    if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        raise RefusedError(describe(response))
