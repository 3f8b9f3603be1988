"""Calls to addresses that others chose, of robots and of webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

import aiohttp

from exchange.adapters.addresses import find_address_faults
from exchange.adapters.guarded_connector import make_guarded_connector
from exchange.domain.public_addresses import find_url_faults
from exchange.domain.retry_after import parse_retry_after


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call. Without an answer, `status` is None and `failure` says why.

    `content` is the start of the body. `duration_s` is None if the call was not made.
    """

    status: int | None
    failure: str = ""
    content: bytes = b""
    duration_s: float | None = None
    retry_after_s: float | None = None


class GuardedHttp:
    """Posts to addresses that others chose. One connection pool for the process.

    Unless `unrestricted`, it calls https only, and public addresses only.
    """

    def __init__(self, timeout: aiohttp.ClientTimeout, *, unrestricted: bool) -> None:
        self._timeout = timeout
        self._unrestricted = unrestricted
        self._session: aiohttp.ClientSession | None = None

    async def find_address_faults(self, url: str, field: str) -> list[str]:
        """Return why the address in this field may not be called. Each call checks again, because DNS may change."""
        return [] if self._unrestricted else await find_address_faults(url, field)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], max_answer_bytes: int) -> Answer:
        """Post the body, and read at most the first bytes of the answer. A redirect is not followed; it is the answer.

        A longer body closes the connection. Each other connection is used again.
        """
        if not self._unrestricted and find_url_faults(url):
            return Answer(None, "its address may not be called")
        started = monotonic()
        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await _read_start(response, max_answer_bytes)
                retry_after_s = parse_retry_after(response.headers)
                duration_s = monotonic() - started
                return Answer(response.status, content=content, duration_s=duration_s, retry_after_s=retry_after_s)
        except TimeoutError:
            failure = f"no answer within {self._timeout.total:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the class of the error, because its text may quote the address.
            failure = f"the connection failed ({type(error).__name__})"
        return Answer(None, failure, duration_s=monotonic() - started)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector() if self._unrestricted else make_guarded_connector()
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                auto_decompress=False,
                # The cookies of one address must not reach another one.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read_start(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """Read the first bytes of the answer. If the connection breaks, the status still counts."""
    content = bytearray()
    try:
        while len(content) < max_bytes and (chunk := await response.content.read(max_bytes - len(content))):
            content += chunk
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass
    return bytes(content)
