"""A robot that does what the test says, over real HTTP."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from tests.results import jsonl

Order = dict[str, Any]
Behaviour = Callable[["Robot", Order], Awaitable[web.Response]]


class Robot:
    """Listens at `url`; each request for a batch goes to `behaviour`. `orders` has them all, in order."""

    def __init__(self, api: str, behaviour: Behaviour) -> None:
        self.api = api
        self.behaviour = behaviour
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
        async with self.session.post(f"{self.api}/robot/enhancement/batch/", json=body) as response:
            return response.status, await response.json()

    async def _asked(self, request: web.Request) -> web.Response:
        self.orders.append(await request.json())
        return await self.behaviour(self, self.orders[-1])


@asynccontextmanager
async def running_robot(api: str, behaviour: Behaviour, port: int = 0) -> AsyncIterator[Robot]:
    """Run a robot at a port."""
    robot = Robot(api, behaviour)
    app = web.Application()
    app.router.add_post("/batch/", robot._asked)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    robot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield robot
    await runner.cleanup()
    await robot.session.close()


async def takes_it(_robot: Robot, _order: Order) -> web.Response:
    """Answer 202, and leave the rest to the test."""
    return web.Response(status=202)
