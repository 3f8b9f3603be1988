"""A batch with its own robot. The test knows what the robot uploaded, and watches the batch's item in Cosmos DB."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web
from yarl import URL

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import ENDED, Exchange
from tests.e2e.robot import Job, Robot, running_robot
from tests.faults.deliveries import Delivery
from tests.faults.proxy import Proxy

TIMEOUT_S = 90.0
_POLL_INTERVAL_S = 0.03
_RETRY_DELAY_S = 0.3
_RANKS = {"received": 0, "accepted": 1, "importing": 2}
_FINAL_RANK = 3

Item = dict[str, Any]
MakeDelivery = Callable[[str, Sequence[str], int], Delivery]
Behaviour = Callable[["WatchedBatch", Job], Awaitable[web.Response]]


class Callback(NamedTuple):
    """The answer to a callback."""

    is_error: bool
    status: int


class TimedUpload(NamedTuple):
    """A successful upload, and when its request started and ended, in seconds since the epoch."""

    delivery: Delivery
    started_at: float
    ended_at: float


class WatchedBatch:
    """One batch, what its robot delivered, and the states of its item."""

    def __init__(self, exchange: Exchange, references: Sequence[str], times: int, make_delivery: MakeDelivery) -> None:
        self.exchange = exchange
        self.references = references
        self.id = ""
        self.times = times
        self._make_delivery = make_delivery
        self._robot: Robot | None = None
        # The uploads by ETag, and every delivery that the robot tried to upload: a response with an ETag may be lost.
        self.uploads: dict[str, Delivery] = {}
        self.tried: list[Delivery] = []
        self.timed_uploads: list[TimedUpload] = []
        # The HTTP statuses of the callbacks, in order.
        self.callbacks: list[Callback] = []
        self._statuses: list[str] = []
        self._chunks = 0
        # Batches of other robots, for a robot that calls back for them.
        self.others: Sequence[WatchedBatch] = ()
        self._working: list[asyncio.Task[None]] = []
        # How long the robot repeats what fails, and how long the end of the batch is waited for.
        self.patience_s = TIMEOUT_S
        self.poll_interval_s = _POLL_INTERVAL_S

    @property
    def robot(self) -> Robot:
        assert self._robot, "the robot runs inside the context of `run`"
        return self._robot

    @property
    def jobs(self) -> list[Job]:
        """The jobs that the robot has received, one for each call."""
        return self.robot.jobs

    @property
    def credentials(self) -> Credentials:
        """The credentials of the robot."""
        return self.robot.credentials[self.id]

    async def upload(self, job: Job, delivery: Delivery | None = None) -> None:
        """Upload until it succeeds. The default is the delivery that this batch was made with."""
        delivery = delivery or self._make_delivery(job["id"], self.references, self.times)
        if delivery not in self.tried:
            self.tried.append(delivery)

        async def put() -> bool:
            headers = {"x-ms-blob-type": "BlockBlob"}
            started_at = time.time()
            url = job["result_storage_url"]
            async with self.robot.session.put(url, data=delivery.body, headers=headers) as response:
                assert response.status in {201, 500, 503}
                if response.status == 201:
                    self.uploads[response.headers["ETag"]] = delivery
                    self.timed_uploads.append(TimedUpload(delivery, started_at, time.time()))
                return response.status == 201

        await retry(put, "the upload to succeed", self.patience_s)

    async def call_back(self, job: Job) -> None:
        """Call back until it succeeds."""
        status = await self.call_back_until_answered(job)
        assert status == 200, f"the callback got {status}"

    async def call_back_until_answered(self, job: Job, error: str | None = None) -> int:
        """Call back until the answer is not 503. Return its HTTP status."""
        status = 0

        async def call() -> bool:
            nonlocal status
            status, _ = await self.robot.call_back(job, error)
            return status != 503

        await retry(call, "an answer to the callback", self.patience_s)
        self.callbacks.append(Callback(error is not None, status))
        return status

    async def deliver(self, job: Job) -> None:
        """Upload and call back."""
        await self.upload(job)
        await self.call_back(job)

    def start(self, work: Awaitable[None]) -> None:
        """Start this work of the robot. It runs concurrently."""
        self._working.append(asyncio.ensure_future(work))

    async def read_item(self) -> Item:
        """Return the batch's item. Check that neither the status nor the progress has gone backwards."""
        container = await self.exchange.database.container("batches")
        item: Item = await container.read_item(self.id, partition_key=self.id)
        if item["status"] not in self._statuses[-1:]:
            self._statuses.append(item["status"])
        ranks = [_RANKS.get(status, _FINAL_RANK) for status in self._statuses]
        assert ranks == sorted(set(ranks)), self._statuses
        assert item["progress"]["chunks"] >= self._chunks
        self._chunks = item["progress"]["chunks"]
        return item

    async def wait_until(self, condition: Callable[[Item], bool], description: str) -> Item:
        """Return the first item for which the condition is true."""
        deadline = time.monotonic() + self.patience_s
        while not condition(item := await self.read_item()):
            assert time.monotonic() < deadline, f"waited {self.patience_s:.0f} s for {description}: {item}"
            await asyncio.sleep(self.poll_interval_s)
        return item

    async def wait_until_accepted(self) -> Item:
        return await self.wait_until(lambda item: item["status"] == "accepted", "acceptance")

    async def wait_for_chunks(self, count: int) -> Item:
        return await self.wait_until(lambda item: item["progress"]["chunks"] >= count, f"{count} chunks")

    async def wait_until_ended(self) -> Item:
        """Wait until nothing changes the batch any more and the robot has finished its work.

        If webhooks could not be read during an outage, it is recorded later that there are none.
        """
        item = await self.wait_until(lambda item: item["status"] in ENDED and not item["notify_due"], "the end")
        async with asyncio.timeout(self.patience_s):
            await asyncio.gather(*self._working)
        return item

    def find_imported(self, item: Item) -> Delivery | None:
        """Return the delivery that was imported. None if no import was started."""
        if not item["import_started"]:
            return None
        etag = item["validation"]["etag"]
        if etag in self.uploads:
            return self.uploads[etag]
        # The answer to this upload was lost.
        (found,) = (delivery for delivery in self.tried if len(delivery.body) == item["upload"]["size"])
        return found

    @asynccontextmanager
    async def run(self, behaviour: Behaviour, proxy: Proxy | None = None) -> AsyncIterator["WatchedBatch"]:
        """Run the robot, and request the batch. With a proxy, the robot is registered with the proxy's address."""

        async with self.run_robot(behaviour, proxy) as robot_id:
            self.id = (await self.exchange.request_batch(robot_id, list(self.references)))["id"]
            yield self

    @asynccontextmanager
    async def run_robot(self, behaviour: Behaviour, proxy: Proxy | None = None) -> AsyncIterator[str]:
        """Run the robot without requesting the batch. Yield the id of the robot."""

        async def behave(_robot: Robot, job: Job) -> web.Response:
            return await behaviour(self, job)

        async with running_robot(self.exchange, behave) as robot:
            self._robot = robot
            url = robot.url
            if proxy is not None:
                proxy.target = URL(url).port or 0
                url = f"http://127.0.0.1:{proxy.port}"
            try:
                yield await self.exchange.register_robot(url)
            finally:
                for task in self._working:
                    task.cancel()


async def retry(attempt: Callable[[], Awaitable[bool]], description: str, patience_s: float) -> None:
    """Try until it succeeds, as a robot does during an outage."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            if await attempt():
                return
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s for {description}"
        await asyncio.sleep(_RETRY_DELAY_S)


async def accept_and_deliver(batch: WatchedBatch, job: Job) -> web.Response:
    """Accept the job and work on it, as a robot should."""
    batch.start(batch.deliver(job))
    return web.Response(status=202)
