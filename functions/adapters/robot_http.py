"""Calls to robots over HTTP."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from functions.adapters.guarded_connector import guarded_connector, resolved
from functions.contract.robots import BatchRobotRequest, Robot
from functions.domain.public_addresses import is_public, url_faults
from functions.domain.report import one_line
from functions.domain.robot_answer import RobotAnswer
from functions.domain.signatures import signed_headers
from functions.ports import Clock

# What is read of a robot's answer: enough for its words, and no more.
_ANSWER_BYTES = 16 << 10
_WORDS = ("detail", "message", "error")


class HttpRobotCalls:
    """Posts batches to robots; see `ports.RobotCalls`. One pool of connections for the process.

    Unless `anywhere`, only https is called, and only at public addresses.
    """

    def __init__(self, timeout_s: float, connect_timeout_s: float, clock: Clock, *, anywhere: bool) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=connect_timeout_s)
        self._clock = clock
        self._anywhere = anywhere
        self._session: aiohttp.ClientSession | None = None

    async def faults(self, base_url: str) -> list[str]:
        """Say why this address may not be called; where its name leads to may change, so each call looks again."""
        if self._anywhere:
            return []
        faults = url_faults(base_url)
        try:
            addresses = await resolved(URL(base_url).host or "")
        except (OSError, UnicodeError):
            return [*faults, "base_url: its host can't be found."]
        if not all(map(is_public, addresses)):
            faults.append("base_url: its host has an address that is not public.")
        return faults

    async def offer(self, robot: Robot, secret: str, request: BatchRobotRequest) -> RobotAnswer:
        """Post the batch to `<base_url>/batch/`. A redirect is not followed: it is the robot's answer."""
        url = f"{robot.base_url.rstrip('/')}/batch/"
        if not self._anywhere and url_faults(url):
            return RobotAnswer(None, "its address may not be called")
        body = request.model_dump_json().encode()
        headers = {"Content-Type": "application/json", **signed_headers(secret, body, robot.id, self._clock())}
        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await _head(response)
                words = one_line(_words(content)) or "no further words"
                return RobotAnswer(response.status, words, _retry_after_s(response.headers))
        except TimeoutError:
            return RobotAnswer(None, f"no answer within {self._timeout.total:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # By its kind only: the text may quote the address.
            return RobotAnswer(None, f"the connection failed ({type(error).__name__})")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector() if self._anywhere else guarded_connector()
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                auto_decompress=False,
                # A cookie of one robot is none of another's business.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _head(response: aiohttp.ClientResponse) -> bytes:
    """Read no more than the first bytes of the answer; an answer that breaks off has been given all the same."""
    content = bytearray()
    try:
        while len(content) < _ANSWER_BYTES and (chunk := await response.content.read(_ANSWER_BYTES - len(content))):
            content += chunk
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass
    return bytes(content)


def _words(content: bytes) -> str:
    """Find what the robot says: a member of its JSON if there is one of the usual names, else all of it."""
    text = content.decode(errors="replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text
    said = [answer.get(name) for name in _WORDS] if isinstance(answer, dict) else []
    return next((word for word in said if isinstance(word, str)), text)


def _retry_after_s(headers: CIMultiDictProxy[str]) -> float | None:
    """Read `Retry-After`: seconds, or a date."""
    value = headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
