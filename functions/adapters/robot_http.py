"""Calls to robots over HTTP."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from multidict import CIMultiDictProxy

from functions.contract.robots import BatchRobotRequest, Robot
from functions.domain.report import one_line
from functions.domain.robot_answer import RobotAnswer

# What is read of a robot's answer: enough for its words, and no more.
_ANSWER_BYTES = 16 << 10
_WORDS = ("detail", "message", "error")


class HttpRobotCalls:
    """Posts batches to robots; see `ports.RobotCalls`. One pool of connections for the process."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def offer(self, robot: Robot, request: BatchRobotRequest) -> RobotAnswer:
        """Post the batch to `<base_url>/batch/`. A redirect is not followed: it is the robot's answer."""
        url = f"{robot.base_url.rstrip('/')}/batch/"
        body = request.model_dump_json().encode()
        headers = {"Content-Type": "application/json"}
        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await _head(response)
                words = one_line(_words(content)) or "no further words"
                return RobotAnswer(response.status, words, _retry_after_s(response.headers))
        except TimeoutError:
            return RobotAnswer(None, f"no answer within {self._timeout.total:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return RobotAnswer(None, f"the connection failed ({type(error).__name__})")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, auto_decompress=False)
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
    except (ValueError, TypeError):
        return None
