"""A robot that fetches its jobs: it needs no address and no state, because an abandoned job returns with its lease."""

import asyncio
import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.errors import AttemptFailedError
from exchange.robots.exchange import Credentials
from exchange.robots.folders import temporary_folder
from exchange.robots.functions import Judge
from exchange.robots.jobs import JobStore
from exchange.robots.leased_job import LeasedJob
from exchange.robots.leases import LeasingExchange, Terms
from exchange.robots.retries import TIMEOUT, Backoff, Http
from exchange.robots.signals import stop_at_signals
from exchange.robots.work import JobRunner

log = logging.getLogger("robot")

_IS_CALLED = (
    "there is no work, and there will be none: the exchange calls this robot, as its delivery is push. An operator "
    "changes that with `exchange robots update NAME --delivery pull`"
)
# How long a fetch may still take when the robot stops.
_LAST_FETCH_S = 2.0


@dataclass(frozen=True, slots=True)
class Waits:
    """The waits between fetches that return no job: at least half of a limit, which doubles each time."""

    first_s: float = 1.0
    max_s: float = 60.0

    def choose_delay(self, attempt: int, retry_after_s: float | None) -> float:
        """Return the wait after this attempt, counted from 1, or the one that the exchange asks for.

        Robots that started together do not stay together.
        """
        spread = random.random()  # noqa: S311 - not for secrets  # nosec B311
        if retry_after_s is not None:
            return min(retry_after_s, 10 * self.max_s) * (1 + spread / 10)
        limit = min(self.max_s, self.first_s * 2.0 ** min(attempt - 1, 30))
        return limit * (1 + spread) / 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How many jobs are open at the same time, when to fetch, and how long jobs may go on when the robot stops."""

    max_jobs: int = 1
    waits: Waits = field(default_factory=Waits)
    # Container platforms kill a process about ten seconds after SIGTERM. Part of it is for giving jobs back.
    grace_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Pull:
    """Who the robot is, where its exchange is, what it asks for, and where unfinished results are written."""

    credentials: Credentials
    api: str
    terms: Terms = field(default_factory=Terms)
    pace: Pace = field(default_factory=Pace)
    folder: Path | None = None
    backoff: Backoff = field(default_factory=Backoff)


async def pull(settings: Pull, judge: Judge) -> None:
    """Fetch jobs and work on them until SIGTERM or SIGINT. Raises ServeError."""
    with temporary_folder(settings.folder) as folder:
        store = JobStore(folder)
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            http = Http(session, settings.backoff)
            exchange = LeasingExchange(settings.api, settings.credentials, http, settings.terms)
            runner = JobRunner(judge, exchange, http, store)
            log.info("fetching work")
            await Puller(exchange, runner, store, settings.pace).run(stop_at_signals())
    log.info("stopped")


class Puller:
    """Fetches jobs, as long as there are places for them."""

    def __init__(self, exchange: LeasingExchange, runner: JobRunner, store: JobStore, pace: Pace) -> None:
        self._exchange = exchange
        self._runner = runner
        self._store = store
        self._pace = pace
        self._open_jobs: dict[asyncio.Task[None], LeasedJob] = {}
        # The fetches since the last one that returned a job.
        self._attempt = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until the event is set. Then finish what can be finished soon, and give the other jobs back."""
        while not stop.is_set():
            if len(self._open_jobs) < self._pace.max_jobs:
                await self._fetch(stop)
            else:
                await _wait(stop, self._open_jobs)
        log.info("stopping after what takes at most %g s more. A second signal stops at once", self._pace.grace_s)
        if self._open_jobs:
            await asyncio.wait(self._open_jobs, timeout=self._pace.grace_s)
        await asyncio.gather(*(job.give_back() for job in self._open_jobs.values()))

    async def _fetch(self, stop: asyncio.Event) -> None:
        """Fetch a job and start the work on it. If there is none, wait."""
        fetching = asyncio.create_task(self._exchange.fetch())
        await _wait(stop, [fetching])
        if not fetching.done():
            # The exchange may be about to lease a job, which no other process would get until the lease ends.
            await asyncio.wait([fetching], timeout=_LAST_FETCH_S)
            fetching.cancel()
        try:
            fetched = await fetching
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        except AttemptFailedError as error:
            log.warning("%s", error)
            await self._wait_for_work(stop, error.retry_after_s)
        else:
            if fetched.job is None:
                if not self._attempt and fetched.is_called:
                    log.warning(_IS_CALLED)
                elif not self._attempt:
                    log.info("there is no work, waiting for some")
                await self._wait_for_work(stop, fetched.retry_after_s)
            else:
                self._start(fetched.job)

    def _start(self, job: BatchRobotRequest) -> None:
        self._attempt = 0
        leased = LeasedJob(job, self._exchange, self._runner, self._store)
        self._open_jobs[leased.task] = leased
        leased.task.add_done_callback(self._open_jobs.pop)

    async def _wait_for_work(self, stop: asyncio.Event, retry_after_s: float | None) -> None:
        self._attempt += 1
        await _wait(stop, (), self._pace.waits.choose_delay(self._attempt, retry_after_s))


async def _wait(stop: asyncio.Event, tasks: Iterable[asyncio.Task[Any]], timeout_s: float | None = None) -> None:
    """Wait until one of the tasks has ended, until the time is over, or until the event is set."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, *tasks}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
