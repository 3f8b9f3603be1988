"""A robot that does what the test says, over real HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from samples.robot.signing import Credentials
from tests.e2e.exchange import Exchange
from tests.results import jsonl

Order = dict[str, Any]
Behaviour = Callable[["Robot", Order], Awaitable[web.Response]]


class Robot:
    """Listens at `url`; each request for a batch goes to `behaviour`. `orders` has them all, in order."""

    def __init__(self, exchange: Exchange, behaviour: Behaviour) -> None:
        self.exchange = exchange
        self.behaviour = behaviour
        # As whom it was asked for each batch.
        self.asked_as: dict[str, Credentials] = {}
        self.orders: list[Order] = []
        self.url = ""
        self.session = aiohttp.ClientSession()

    async def upload(self, order: Order, *entries: Any) -> int:
        """Put the entries (objects, or lines as they are) where the order says; return the HTTP status."""
        return await self.put(order["result_storage_url"], jsonl(*entries))

    async def put(self, url: str, body: bytes) -> int:
        async with self.session.put(url, data=body, headers={"x-ms-blob-type": "BlockBlob"}) as response:
            return response.status

    async def references(self, order: Order) -> list[dict[str, Any]]:
        """Fetch what it was given."""
        async with self.session.get(order["reference_storage_url"]) as response:
            return [json.loads(line) for line in (await response.read()).splitlines()]

    async def call_back(self, order: Order, error: str | None = None, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Call back; return the HTTP status and the body."""
        body = {"request_id": order["id"], "error": {"message": error} if error else None, **fields}
        return await self.exchange.call_as_robot(self.asked_as[order["id"]], body)

    async def _asked(self, request: web.Request) -> web.Response:
        body = await request.read()
        robot_id = request.headers["X-Client-Id"]
        credentials = Credentials(UUID(robot_id), self.exchange.secrets[robot_id])
        assert credentials.verify(request.headers, body)
        order = json.loads(body)
        self.asked_as[order["id"]] = credentials
        self.orders.append(order)
        return await self.behaviour(self, self.orders[-1])


@asynccontextmanager
async def running_robot(exchange: Exchange, behaviour: Behaviour, port: int = 0) -> AsyncIterator[Robot]:
    """Run a robot at a port."""
    robot = Robot(exchange, behaviour)
    app = web.Application()
    app.router.add_post("/batch/", robot._asked)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    robot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield robot
    finally:
        await runner.cleanup()
        await robot.session.close()


async def takes_it(_robot: Robot, _order: Order) -> web.Response:
    """Answer 202, and leave the rest to the test."""
    return web.Response(status=202)
