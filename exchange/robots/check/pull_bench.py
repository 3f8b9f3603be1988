"""The bench for a robot that fetches its jobs."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Protocol, TypeAlias
from uuid import uuid4

from exchange.robots.check.bench import Answer, Bench, Times
from exchange.robots.check.played import PlayedExchange
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.exchange import Credentials

# How many further robots run at the same time.
_MAX_ALONE = 2


class StoppableRobot(Protocol):
    """A robot that runs."""

    def terminate(self) -> None:
        """Send it SIGTERM."""
        ...

    def has_ended(self) -> bool:
        """Return whether its process has ended."""
        ...


# Starts a robot for the exchange at this address.
Start: TypeAlias = Callable[[str, Credentials], AbstractAsyncContextManager[StoppableRobot]]


@dataclass(frozen=True, slots=True)
class Alone:
    """A robot with a played exchange of its own, which no other check uses."""

    bench: Bench
    robot: StoppableRobot


class PullBench(Bench):
    """Offers jobs to one robot. At most four are open at the same time."""

    def __init__(
        self, exchange: PlayedExchange, credentials: Credentials, times: Times, references: ReferenceMaker, start: Start
    ) -> None:
        super().__init__(exchange, credentials, times, references)
        self._start = start
        self._free_starts = asyncio.Semaphore(_MAX_ALONE)

    async def send_body(self, job: dict[str, object], robot_url: str | None = None) -> Answer:  # noqa: ARG002 - it has no address
        """Offer the JSON of a job, and wait until it is fetched."""
        fetched = self.exchange.queue.offer(job)
        try:
            await asyncio.wait_for(fetched.wait(), self.times.job_s)
        except TimeoutError:
            return Answer(None, f"it did not fetch the job within {self.times.job_s:g} s")
        return Answer(200, "")

    @asynccontextmanager
    async def start_alone(self) -> AsyncIterator[Alone]:
        """Run another process of the robot until the context ends. Raises StartError."""
        async with self._free_starts:
            credentials = Credentials(uuid4(), token_hex(32))
            exchange = PlayedExchange(credentials)
            async with exchange.serve("127.0.0.1", 0), self._start(exchange.url, credentials) as robot:
                yield Alone(PullBench(exchange, credentials, self.times, self.references, self._start), robot)
