"""A batch with a robot of its own, and what is known of it beside the system."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from tests.e2e.exchange import ENDED, Exchange
from tests.e2e.robot import Order, Robot, running_robot
from tests.faults.deliveries import Delivery
from tests.faults.proxy import Proxy

PATIENCE_S = 45.0
_LOOK_S = 0.03
_AGAIN_S = 0.3
_RANKS = {"received": 0, "accepted": 1, "importing": 2}
_END = 3

Item = dict[str, Any]
Plan = Callable[[str, Sequence[str], int], Delivery]
Conduct = Callable[["Job", Order], Awaitable[web.Response]]


class Job:
    """One batch: what its robot delivered, and how it moved, as its item in Cosmos DB says."""

    def __init__(self, exchange: Exchange, references: Sequence[str], times: int, plan: Plan) -> None:
        self.exchange = exchange
        self.references = references
        self.id = ""
        self.times = times
        self._plan = plan
        self._robot: Robot | None = None
        # What was uploaded, by its ETag; and all that was offered, as an ETag may be lost on the way.
        self.uploads: dict[str, Delivery] = {}
        self.offered: list[Delivery] = []
        self._statuses: list[str] = []
        self._windows = 0
        self._working: list[asyncio.Task[None]] = []

    @property
    def robot(self) -> Robot:
        assert self._robot, "the robot runs as long as the job's context lasts"
        return self._robot

    def planned(self) -> Delivery:
        return self._plan(self.robot.orders[-1]["id"], self.references, self.times)

    async def upload(self, order: Order, delivery: Delivery | None = None) -> None:
        """Upload until it is taken."""
        delivery = delivery or self.planned()
        if delivery not in self.offered:
            self.offered.append(delivery)

        async def put() -> bool:
            headers = {"x-ms-blob-type": "BlockBlob"}
            url = order["result_storage_url"]
            async with self.robot.session.put(url, data=delivery.body, headers=headers) as response:
                assert response.status in {201, 500, 503}
                if response.status == 201:
                    self.uploads[response.headers["ETag"]] = delivery
                return response.status == 201

        await persist(put, "the upload to be taken")

    async def call_back(self, order: Order) -> None:
        """Call back until it is taken."""

        async def call() -> bool:
            status, body = await self.robot.call_back(order)
            assert status in {200, 503}, body
            return status == 200

        await persist(call, "the callback to be taken")

    async def deliver(self, order: Order) -> None:
        """Upload and call back, however often it takes."""
        await self.upload(order)
        await self.call_back(order)

    def work_on(self, work: Awaitable[None]) -> None:
        """Let the robot do this beside its answer."""
        self._working.append(asyncio.ensure_future(work))

    async def item(self) -> Item:
        """Return the batch's item; neither its status nor its progress goes back."""
        container = await self.exchange.database.container("batches")
        item: Item = await container.read_item(self.id, partition_key=self.id)
        if item["status"] not in self._statuses[-1:]:
            self._statuses.append(item["status"])
        ranks = [_RANKS.get(status, _END) for status in self._statuses]
        assert ranks == sorted(set(ranks)), self._statuses
        assert item["progress"]["windows"] >= self._windows
        self._windows = item["progress"]["windows"]
        return item

    async def until(self, moment: Callable[[Item], bool], what: str) -> Item:
        """Wait for this moment of the batch."""
        deadline = time.monotonic() + PATIENCE_S
        while not moment(item := await self.item()):
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for {what}: {item}"
            await asyncio.sleep(_LOOK_S)
        return item

    async def ended(self) -> Item:
        """Wait for the end, and for the robot to be done."""
        item = await self.until(lambda item: item["status"] in ENDED, "the end")
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self._working)
        return item

    def pinned(self, item: Item) -> Delivery | None:
        """Return what the import was of."""
        if not item["pinned"]:
            return None
        etag = item["validation"]["etag"]
        if etag in self.uploads:
            return self.uploads[etag]
        (only,) = self.offered
        return only

    @asynccontextmanager
    async def running(self, conduct: Conduct, door: Proxy | None = None) -> AsyncIterator["Job"]:
        """Run the robot, and request the batch of it; with a door, the robot is known by that alone."""

        async def behave(robot: Robot, order: Order) -> web.Response:
            self._robot = robot
            return await conduct(self, order)

        async with running_robot(self.exchange, behave) as robot:
            self._robot = robot
            url = robot.url
            if door is not None:
                door.target = URL(url).port or 0
                url = f"http://127.0.0.1:{door.port}"
            robot_id = await self.exchange.register_robot(url)
            self.id = (await self.exchange.request(robot_id, list(self.references)))["id"]
            try:
                yield self
            finally:
                for task in self._working:
                    task.cancel()


async def persist(attempt: Callable[[], Awaitable[bool]], what: str) -> None:
    """Try until it succeeds, as a robot would that meets an outage."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if await attempt():
                return
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for {what}"
        await asyncio.sleep(_AGAIN_S)


async def takes_and_delivers(job: Job, order: Order) -> web.Response:
    """Take the batch and work on it, as a robot should."""
    job.work_on(job.deliver(order))
    return web.Response(status=202)
