"""HTTP calls to robots."""

import json

import aiohttp

from exchange.adapters.addresses import find_address_faults
from exchange.adapters.guarded_connector import make_guarded_connector
from exchange.adapters.retry_after import parse_retry_after
from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.public_addresses import find_url_faults
from exchange.domain.report import to_one_line
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.signatures import make_signed_headers
from exchange.ports import Clock

# No more of a robot's answer is read. It is enough for a message.
_ANSWER_BYTES = 16 << 10
_MESSAGE_FIELDS = ("detail", "message", "error")


class HttpRobotCalls:
    """Posts jobs to robots; see `ports.RobotCalls`. One connection pool for the process.

    Unless `unrestricted`, it calls https only, and public addresses only.
    """

    def __init__(self, timeout_s: float, connect_timeout_s: float, clock: Clock, *, unrestricted: bool) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=connect_timeout_s)
        self._clock = clock
        self._unrestricted = unrestricted
        self._session: aiohttp.ClientSession | None = None

    async def find_address_faults(self, base_url: str) -> list[str]:
        """Return why this address may not be called. Each call checks again, because DNS may change."""
        return [] if self._unrestricted else await find_address_faults(base_url, "base_url")

    async def send_job(self, robot: Robot, secret: str, job: BatchRobotRequest) -> RobotAnswer:
        """Post the job to `<base_url>/batch/`. A redirect is not followed; it is the robot's answer."""
        url = f"{robot.base_url.rstrip('/')}/batch/"
        if not self._unrestricted and find_url_faults(url):
            return RobotAnswer(None, "its address may not be called")
        body = job.model_dump_json().encode()
        headers = {"Content-Type": "application/json", **make_signed_headers(secret, body, robot.id, self._clock())}
        try:
            async with self._open().post(url, data=body, headers=headers, allow_redirects=False) as response:
                content = await _read_start(response)
                message = to_one_line(_find_message(content)) or "no message"
                return RobotAnswer(response.status, message, parse_retry_after(response.headers))
        except TimeoutError:
            return RobotAnswer(None, f"no answer within {self._timeout.total:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Only the class of the error, because its text may quote the address.
            return RobotAnswer(None, f"the connection failed ({type(error).__name__})")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector() if self._unrestricted else make_guarded_connector()
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                auto_decompress=False,
                # The cookies of one robot must not reach another robot.
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _read_start(response: aiohttp.ClientResponse) -> bytes:
    """Read the first bytes of the answer. If the connection breaks, the status still counts."""
    content = bytearray()
    try:
        while len(content) < _ANSWER_BYTES and (chunk := await response.content.read(_ANSWER_BYTES - len(content))):
            content += chunk
    except (aiohttp.ClientError, OSError, TimeoutError):
        pass
    return bytes(content)


def _find_message(content: bytes) -> str:
    """Return the robot's message: a JSON member with one of the usual names, else the whole text."""
    text = content.decode(errors="replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = [answer.get(name) for name in _MESSAGE_FIELDS] if isinstance(answer, dict) else []
    return next((message for message in found if isinstance(message, str)), text)
