"""What the checks work with: it sends jobs to the robot, and waits for what the robot does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from msgspec.json import encode

from exchange.domain.limits import Deadlines
from exchange.domain.report import to_one_line
from exchange.domain.signatures import make_signed_headers
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.played import PlayedExchange
from exchange.robots.check.process import KitProcess
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.exchange import Credentials
from exchange.robots.retries import TRANSPORT_ERRORS

# The kit works on as many jobs at the same time.
_MAX_JOBS = 4
_SECRET_LENGTH = 16
# How much of an answer is quoted.
_MAX_ANSWER = 200


@dataclass(frozen=True, slots=True)
class Times:
    """How long the check waits: for the answer to a job, for its callback, and for what must not happen."""

    answer_s: float = Deadlines().robot_call_timeout_s
    job_s: float = 60.0
    quiet_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The robot's answer to a call, with the start of its text. The status is None if there was no answer."""

    status: int | None
    text: str = field(repr=False)

    @property
    def accepted(self) -> bool:
        """Whether the exchange takes it as acceptance."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - 2xx

    def __str__(self) -> str:
        """Return it for a message."""
        if self.status is None:
            return self.text
        return f'HTTP {self.status} ("{self.text}")' if self.text else f"HTTP {self.status}"


class NotDeliveredError(Exception):
    """The robot did not deliver a job that it must deliver. The message says how far it came."""


class Bench:
    """Plays the exchange for one robot. At most four jobs are open at the same time."""

    def __init__(
        self,
        exchange: PlayedExchange,
        credentials: Credentials,
        times: Times,
        references: ReferenceMaker,
        start_process: Callable[[], AbstractAsyncContextManager[KitProcess]] | None = None,
    ) -> None:
        self.exchange = exchange
        self.credentials = credentials
        self.times = times
        self.references = references
        self.start_process = start_process
        self.robot_url = ""
        self._places = asyncio.Semaphore(_MAX_JOBS)
        self._runs: dict[str, asyncio.Task[PlayedJob]] = {}

    async def call(self, body: bytes, headers: Mapping[str, str], robot_url: str | None = None) -> Answer:
        """Send a call to the robot."""
        url = f"{(robot_url or self.robot_url).rstrip('/')}/batch/"
        timeout = aiohttp.ClientTimeout(total=self.times.answer_s)
        sent = {"Content-Type": "application/json", **headers}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=body, headers=sent, allow_redirects=False) as response,
            ):
                text = await response.content.read(_MAX_ANSWER)
                return Answer(response.status, to_one_line(text.decode(errors="replace")))
        except TimeoutError:
            return Answer(None, f"no answer within {self.times.answer_s:g} s")
        except TRANSPORT_ERRORS as error:
            return Answer(None, f"no answer: {type(error).__name__}")

    async def send(self, job: PlayedJob, robot_url: str | None = None) -> Answer:
        """Send a job, signed now."""
        return await self.send_body(self.exchange.add(job), robot_url)

    async def send_body(self, job: dict[str, object], robot_url: str | None = None) -> Answer:
        """Send the JSON of a job, signed now."""
        body = encode(job)
        return await self.call(body, self.sign(body), robot_url)

    def sign(self, body: bytes, age_s: float = 0.0) -> dict[str, str]:
        """Return the headers of a call that was signed some seconds ago."""
        return make_signed_headers(self.credentials.secret, body, self.credentials.robot_id, time.time() - age_s)

    def has_secret(self, content: bytes) -> bool:
        """Return whether the content has a signed URL, or the robot's secret. A short one may occur by chance."""
        secret = self.credentials.secret
        return b"sig=" in content or (len(secret) >= _SECRET_LENGTH and secret.encode() in content)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait until the robot has few enough jobs, and count one more until the context ends."""
        async with self._places:
            yield

    async def deliver(self, job: PlayedJob) -> PlayedJob:
        """Send a job, and wait until its callback has been accepted or refused. Raises NotDeliveredError."""
        async with self.place():
            answer = await self.send(job)
            if not answer.accepted:
                raise NotDeliveredError(f"The robot did not accept the job: {answer}.")
            return await self.wait(job)

    async def wait(self, job: PlayedJob) -> PlayedJob:
        """Wait until the callback of a job has been accepted or refused. Raises NotDeliveredError."""
        try:
            await asyncio.wait_for(job.settled.wait(), self.times.job_s)
        except TimeoutError:
            waited = f"There was no accepted callback within {self.times.job_s:g} s."
            raise NotDeliveredError(
                " ".join([waited, job.describe_requests(), *dict.fromkeys(self.exchange.strays)])
            ) from None
        return job

    async def wait_quietly(self, job: PlayedJob) -> None:
        """Wait for what must not happen: until the robot has sent nothing about a job for a while.

        A robot that never stops is watched for the time of a job.
        """
        deadline = time.monotonic() + self.times.job_s
        requests = -1
        while len(job.requests) != requests and time.monotonic() < deadline:
            requests = len(job.requests)
            await asyncio.sleep(self.times.quiet_s)

    async def wait_for(self, job: PlayedJob, condition: Callable[[], bool]) -> None:
        """Wait until a condition is true, or until the time of a job is over. Raises NotDeliveredError."""
        try:
            async with asyncio.timeout(self.times.job_s):
                while not condition():  # noqa: ASYNC110 - requests of the robot change it
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise NotDeliveredError(
                f"The job did not go on within {self.times.job_s:g} s. {job.describe_requests()}"
            ) from None

    async def run_once(self, name: str, run: Callable[[], Coroutine[Any, Any, PlayedJob]]) -> PlayedJob:
        """Return the job of this name. It is run only once, for all checks that judge it."""
        if name not in self._runs:
            self._runs[name] = asyncio.create_task(run())
        return await asyncio.shield(self._runs[name])

    async def deliver_once(self, name: str, make: Callable[[], PlayedJob]) -> PlayedJob:
        """Return the job of this name. It is made and delivered only once."""
        return await self.run_once(name, lambda: self.deliver(make()))

    def make_plain(self) -> PlayedJob:
        """Return a job with ordinary references."""
        return PlayedJob(self.references.make_many(20))

    def keep_plain(self, job: PlayedJob) -> None:
        """Keep the job that `deliver_plain` returns. It has been sent and accepted."""
        self._runs["plain"] = asyncio.create_task(self.wait(job))

    async def deliver_plain(self) -> PlayedJob:
        """Return the job with ordinary references, which is sent first."""
        return await asyncio.shield(self._runs["plain"])
