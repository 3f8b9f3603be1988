"""Batches over HTTP on a whole local stack, and the robot that answers them with a result of the usual mix."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from aiohttp import web

from benchmarks.inputs import ResultMaker, ids, references
from benchmarks.site import Site, running_site
from benchmarks.snapshot import NEEDS, stored
from benchmarks.status_reads import LOOK_AGAIN_S, until
from exchange.domain.batch import Batch
from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.robot import Order, Robot, running_robot


@dataclass(slots=True)
class Delivery:
    """What the robot did for a batch and when, in seconds since the epoch."""

    ordered: float
    uploaded: float = 0.0
    called_back: float = 0.0


class Requests:
    """A stack with references on it, a requestor, and a robot that delivers a line a reference."""

    def __init__(self, site: Site, exchange: Exchange, known: Sequence[UUID]) -> None:
        self.site = site
        self.known = known
        self.robot_id = ""
        self.deliveries: dict[UUID, Delivery] = {}
        self._exchange = exchange
        self._maker = ResultMaker(site.folder)
        self._delivering: set[asyncio.Task[None]] = set()

    async def answer(self, robot: Robot, order: Order) -> web.Response:
        """Take a batch, and deliver behind the answer."""
        self.deliveries[UUID(order["id"])] = Delivery(time.time())
        task = asyncio.create_task(self._deliver(robot, order))
        self._delivering.add(task)
        task.add_done_callback(self._delivering.discard)
        return web.Response(status=202)

    async def _deliver(self, robot: Robot, order: Order) -> None:
        delivery = self.deliveries[UUID(order["id"])]
        known = [UUID(one["id"]) for one in await robot.references(order)]
        result = await asyncio.to_thread(self._maker.file, known)
        await robot.put(order["result_storage_url"], result)
        delivery.uploaded = time.time()
        await robot.call_back(order)
        delivery.called_back = time.time()

    async def request(self, known: Sequence[UUID]) -> UUID:
        """Request a batch of these references; return its id."""
        batch = await self._exchange.request(self.robot_id, [str(item) for item in known])
        return UUID(batch["id"])

    async def ended(self, batch_id: UUID, look_again_s: float = LOOK_AGAIN_S) -> Batch:
        """Wait until the batch has ended; it is looked at where it lies, as each look over HTTP has all its ids."""
        batch = await until(self.site, batch_id, lambda batch: batch.ended, look_again_s)
        if not batch.progress.added:
            raise RuntimeError(f"batch {batch_id} ended as {batch.status}: {batch.error}")
        return batch

    async def take(self, known: Sequence[UUID], look_again_s: float = LOOK_AGAIN_S) -> Batch:
        """Request a batch and wait until it has ended."""
        return await self.ended(await self.request(known), look_again_s)


@asynccontextmanager
async def running_requests(count: int, data: Path, *options: str) -> AsyncIterator[Requests]:
    """Start a stack with these options, put so many references there, and a robot beside it."""
    async with running_site(*options, folder=data) as site, exchange_on(site.stack) as exchange:
        known = ids(count)
        await site.upsert(stored(known, references(count, data)))
        requests = Requests(site, exchange, known)
        async with running_robot(exchange, requests.answer) as robot:
            requests.robot_id = await exchange.register_robot(robot.url, **NEEDS)
            yield requests
