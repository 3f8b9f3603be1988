"""HTTP calls to robots."""

import json

import aiohttp

from exchange.adapters.guarded_http import GuardedHttp
from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.report import to_one_line
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.signatures import make_signed_headers
from exchange.ports import Clock

# No more of a robot's answer is read. It is enough for a message.
_ANSWER_BYTES = 16 << 10
_MESSAGE_FIELDS = ("detail", "message", "error")


class HttpRobotCalls:
    """Posts jobs to robots; see `ports.RobotCalls`. Unless `unrestricted`, only to public addresses by https."""

    def __init__(self, timeout_s: float, connect_timeout_s: float, clock: Clock, *, unrestricted: bool) -> None:
        timeout = aiohttp.ClientTimeout(total=timeout_s, connect=connect_timeout_s)
        self._http = GuardedHttp(timeout, unrestricted=unrestricted)
        self._clock = clock

    async def find_address_faults(self, base_url: str) -> list[str]:
        """Return why this address may not be called."""
        return await self._http.find_address_faults(base_url, "base_url")

    async def send_job(self, robot: Robot, secret: str, job: BatchRobotRequest) -> RobotAnswer:
        """Post the job to `<base_url>/batch/`."""
        body = job.model_dump_json().encode()
        headers = {"Content-Type": "application/json", **make_signed_headers(secret, body, robot.id, self._clock())}
        answer = await self._http.post(f"{robot.base_url.rstrip('/')}/batch/", body, headers, _ANSWER_BYTES)
        if answer.status is None:
            return RobotAnswer(None, answer.failure)
        message = to_one_line(_find_message(answer.content)) or "no message"
        return RobotAnswer(answer.status, message, answer.retry_after_s)

    async def close(self) -> None:
        """Close the connections. A later call opens new ones."""
        await self._http.close()


def _find_message(content: bytes) -> str:
    """Return the robot's message: a JSON member with one of the usual names, else the whole text."""
    text = content.decode(errors="replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = [answer.get(name) for name in _MESSAGE_FIELDS] if isinstance(answer, dict) else []
    return next((message for message in found if isinstance(message, str)), text)
