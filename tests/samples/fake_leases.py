"""The fake exchange for a robot that fetches its jobs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import aiohttp
from aiohttp import web

from exchange.robots import Robot
from exchange.robots.jobs import JobStore
from exchange.robots.leases import LeasingExchange, Terms
from exchange.robots.pull import Pace, Puller, Waits
from exchange.robots.retries import Http
from exchange.robots.work import JobRunner
from tests.samples.fake_exchange import CREDENTIALS, TIMEOUT_S, FakeExchange, Faults, Json, serving
from tests.samples.kit import FAST, KIT_CREDENTIALS, wait_until

PATH = "/v1/robot-enhancement-batches"
QUICK = Pace(waits=Waits(first_s=0.01, max_s=0.1), grace_s=0.2)


class FakeLeases(FakeExchange):
    """Has jobs to fetch. Each has a lease, which `expire_lease` ends."""

    def __init__(self, data: bytes, faults: Faults) -> None:
        super().__init__(data, faults)
        self.offered: list[Json] = []
        # The queries of the fetches and the leases of the renewals, as far as they were answered.
        self.fetches: list[dict[str, str]] = []
        self.renewals: list[str] = []
        self.retry_after_s: int | None = None
        self.delivery: str | None = None
        self.expired = False

    def make_app(self) -> web.Application:
        app = super().make_app()
        app.router.add_post(f"{PATH}/", self._fetch)
        app.router.add_get(f"{PATH}/{{id}}/", self._read_job)
        app.router.add_patch(f"{PATH}/{{id}}/renew-lease/", self._renew)
        app.router.add_post(f"{PATH}/{{id}}/results/", self._take_result)
        return app

    def offer(self, **fields: object) -> None:
        """Have a job to fetch."""
        self.offered.append({**self.make_job(), **fields})

    async def _fetch(self, request: web.Request) -> web.Response:
        assert CREDENTIALS.verify(request.headers, await request.read())
        self.raise_fault("fetch", request)
        self.fetches.append(dict(request.query))
        if self.offered:
            return web.json_response(self.offered.pop(0))
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        if self.delivery is not None:
            headers["Robot-Delivery"] = self.delivery
        return web.Response(status=204, headers=headers)

    async def _read_job(self, request: web.Request) -> web.Response:
        self.record("read", request)
        assert CREDENTIALS.verify(request.headers, b"")
        if not self.accepts_uploads:
            raise web.HTTPConflict
        return web.json_response(self.make_job())

    async def _renew(self, request: web.Request) -> web.Response:
        assert CREDENTIALS.verify(request.headers, await request.read())
        self.raise_fault("renew", request)
        self.renewals.append(request.query["lease"])
        if self.expired:
            raise web.HTTPConflict
        return web.json_response("2026-11-28T12:00:00Z")

    async def _take_result(self, request: web.Request) -> web.Response:
        result = await request.json()
        assert result["request_id"] == request.match_info["id"]
        await self._callback(request)
        return web.json_response({"id": result["request_id"]}, status=202)


@asynccontextmanager
async def running_leases(data: bytes, faults: Faults = MappingProxyType({})) -> AsyncIterator[FakeLeases]:
    """Serve the fake exchange with this reference data."""
    exchange = FakeLeases(data, faults)
    async with serving(exchange.make_app()) as exchange.url:
        yield exchange


@asynccontextmanager
async def running_puller(
    exchange: FakeLeases, robot: Robot, folder: Path, pace: Pace = QUICK, terms: Terms | None = None
) -> AsyncIterator[asyncio.Event]:
    """Run a robot that fetches its jobs in this process. Yields what stops it, and stops it at the end."""
    judge, stop, store = robot.make_judge(pace.max_jobs), asyncio.Event(), JobStore(folder)
    try:
        async with aiohttp.ClientSession() as session:
            http = Http(session, FAST)
            client = LeasingExchange(exchange.url, KIT_CREDENTIALS, http, terms or Terms())
            running = asyncio.create_task(Puller(client, JobRunner(judge, client, http, store), store, pace).run(stop))
            yield stop
            stop.set()
            await asyncio.wait_for(running, TIMEOUT_S)
    finally:
        judge.close()


async def pull_once(robot: Robot, data: bytes, folder: Path, faults: Faults = MappingProxyType({})) -> FakeLeases:
    """Have the robot fetch one job and work on it. Return the exchange."""
    async with running_leases(data, faults) as exchange, running_puller(exchange, robot, folder):
        exchange.offer()
        assert (await exchange.wait_for_callback())["error"] is None
    return exchange


async def wait_for_fetches(exchange: FakeLeases, count: int) -> None:
    await wait_until(lambda: len(exchange.fetches) >= count)
