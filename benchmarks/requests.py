"""Batches over HTTP on a complete local stack, and a robot that delivers results of the usual mix."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from aiohttp import web

from benchmarks.inputs import ResultMaker, make_ids, make_references
from benchmarks.site import Site, running_site
from benchmarks.snapshot import NEEDS, make_items
from benchmarks.status_reads import POLL_S, wait_until
from exchange.domain.batch import Batch
from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.robot import Job, Robot, running_robot


@dataclass(slots=True)
class Delivery:
    """When the robot received the job of a batch, uploaded the result and called back, in seconds since the epoch."""

    received: float
    uploaded: float = 0.0
    called_back: float = 0.0


class Requests:
    """A stack with references, a requestor, and a robot that delivers one line for each reference."""

    def __init__(self, site: Site, exchange: Exchange, reference_ids: Sequence[UUID]) -> None:
        self.site = site
        self.reference_ids = reference_ids
        self.robot_id = ""
        self.deliveries: dict[UUID, Delivery] = {}
        self._exchange = exchange
        self._maker = ResultMaker(site.folder)
        self._delivering: set[asyncio.Task[None]] = set()

    async def accept(self, robot: Robot, job: Job) -> web.Response:
        """Accept a job, and deliver the result after the answer."""
        self.deliveries[UUID(job["id"])] = Delivery(time.time())
        task = asyncio.create_task(self._deliver(robot, job))
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)
        return web.Response(status=202)

    async def _deliver(self, robot: Robot, job: Job) -> None:
        delivery = self.deliveries[UUID(job["id"])]
        reference_ids = [UUID(reference["id"]) for reference in await robot.download_references(job)]
        result = await asyncio.to_thread(self._maker.make_file, reference_ids)
        await robot.put(job["result_storage_url"], result)
        delivery.uploaded = time.time()
        await robot.call_back(job)
        delivery.called_back = time.time()

    async def request(self, reference_ids: Sequence[UUID]) -> UUID:
        """Request a batch of these references. Return its id."""
        batch = await self._exchange.request_batch(self.robot_id, list(map(str, reference_ids)))
        return UUID(batch["id"])

    async def wait_until_ended(self, batch_id: UUID, poll_s: float = POLL_S) -> Batch:
        """Wait until the batch has ended. It is read from the store, because a read over HTTP returns all its ids."""
        batch = await wait_until(self.site, batch_id, lambda batch: batch.ended, poll_s)
        if not batch.progress.added:
            raise RuntimeError(f"batch {batch_id} ended as {batch.status}: {batch.error}")
        return batch

    async def run_batch(self, reference_ids: Sequence[UUID], poll_s: float = POLL_S) -> Batch:
        """Request a batch and wait until it has ended."""
        return await self.wait_until_ended(await self.request(reference_ids), poll_s)


@asynccontextmanager
async def running_requests(count: int, data: Path, *options: str) -> AsyncIterator[Requests]:
    """Run a stack with these options and this many references, and a robot."""
    async with running_site(*options, folder=data) as site, exchange_on(site.stack) as exchange:
        reference_ids = make_ids(count)
        await site.upsert(make_items(reference_ids, make_references(count, data)))
        requests = Requests(site, exchange, reference_ids)
        async with running_robot(exchange, requests.accept) as robot:
            requests.robot_id = await exchange.register_robot(robot.url, **NEEDS)
            yield requests
