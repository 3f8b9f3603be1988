"""A small robot that fetches its jobs and passes every check. Each of its methods can be replaced by a wrong one."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from exchange.robots.exchange import Credentials
from tests.unit.robots.check.small_robot import Json, SmallRobot

PATH = "/v1/robot-enhancement-batches"


class Fetching(SmallRobot):
    """Fetches jobs. Mixed into a small robot that is called, it makes the same mistake in jobs that are fetched."""

    max_jobs = 2
    limit: object = 10_000
    lease = "PT1S"
    renewal_s = 0.3
    # The wait after the first fetch without a job. It doubles.
    first_wait_s = 0.2
    honours_retry_after = True
    signs_fetches = True
    survives_errors = True
    grace_s = 0.1
    fresh_names: Mapping[str, str] = {"reference_data_url": "reference_storage_url"}

    def __init__(self, api: str, credentials: Credentials, session: aiohttp.ClientSession) -> None:
        super().__init__(api, credentials, session)
        self.lost: set[str] = set()
        self.stopping = asyncio.Event()
        self.running: asyncio.Task[None] | None = None

    # As a process that can be stopped.

    def terminate(self) -> None:
        self.stopping.set()

    def has_ended(self) -> bool:
        return self.running is not None and self.running.done()

    async def run_until_stopped(self) -> None:
        wait_s = self.first_wait_s
        while not self.stopping.is_set():
            job = None
            if sum(not task.done() for task in self.jobs.values()) < self.max_jobs:
                job, asked_s = await self.fetch()
            else:
                asked_s = 0.02
            if job is not None:
                await self.start(job)
                wait_s = self.first_wait_s
                continue
            await self.sleep(wait_s if asked_s is None else asked_s)
            wait_s = self.choose_wait(wait_s)
        await self.stop()

    async def sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), seconds)

    def choose_wait(self, wait_s: float) -> float:
        return 2 * wait_s

    async def fetch(self) -> tuple[Json | None, float | None]:
        """Return a job, or none and the wait that the exchange asks for."""
        query = {"robot_id": self.get_id(), "limit": str(self.limit), "lease": self.lease}
        headers = self.credentials.make_headers(b"") if self.signs_fetches else {}
        try:
            async with self.session.post(f"{self.api}{PATH}/", params=query, headers=headers) as response:
                if response.status == 200:
                    return json.loads(await response.read()), None
                if response.status != 204 and not self.survives_errors:
                    self.stopping.set()
                asked = response.headers.get("Retry-After") if self.honours_retry_after else None
                return None, None if asked is None else float(asked)
        except aiohttp.ClientError:
            return None, None

    def get_id(self) -> str:
        return str(self.credentials.robot_id)

    async def run(self, job: Json) -> None:
        working = asyncio.create_task(super().run(job))
        renewing = asyncio.create_task(self.keep_lease(job, working))
        try:
            await working
        finally:
            renewing.cancel()

    async def keep_lease(self, job: Json, working: "asyncio.Task[None]") -> None:
        while True:
            await asyncio.sleep(self.renewal_s)
            if await self.renew(job, self.lease) == 409:
                self.drop(working)
                return

    def drop(self, working: "asyncio.Task[None]") -> None:
        working.cancel()

    async def renew(self, job: Json, lease: str) -> int:
        url, headers = f"{self.api}{PATH}/{job['id']}/renew-lease/", self.credentials.make_headers(b"")
        async with self.session.patch(url, params={"lease": lease}, headers=headers) as response:
            return response.status

    async def stop(self) -> None:
        """Finish what can be finished soon, and give the rest back."""
        open_jobs = {job_id: task for job_id, task in self.jobs.items() if not task.done()}
        if open_jobs:
            await asyncio.wait(open_jobs.values(), timeout=self.grace_s)
        for job_id, task in open_jobs.items():
            if not task.done():
                task.cancel()
                await self.give_back(job_id)

    async def give_back(self, job_id: str) -> None:
        await self.renew({"id": job_id}, "PT0S")

    def make_callback_url(self, body: bytes) -> str:
        return f"{self.api}{PATH}/{json.loads(body)['request_id']}/results/"

    def make_refresh_url(self, job: Json) -> str:
        return f"{self.api}{PATH}/{job['id']}/"


class SmallPullRobot(Fetching):
    """Makes no mistake."""


def mix(kind: type[SmallRobot]) -> type[Fetching]:
    """Return the robot that makes the mistake of another one, and fetches its jobs."""
    mixed: Any = type(f"Fetching{kind.__name__}", (kind, Fetching), {}) if kind is not SmallRobot else SmallPullRobot
    kind_of_robot: type[Fetching] = mixed
    return kind_of_robot


@asynccontextmanager
async def running_small(kind: type[Fetching], api: str, credentials: Credentials) -> AsyncIterator[Fetching]:
    """Run a robot."""
    async with aiohttp.ClientSession() as session:
        robot = kind(api, credentials, session)
        robot.running = asyncio.create_task(robot.run_until_stopped())
        try:
            yield robot
        finally:
            tasks = [robot.running, *robot.jobs.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
