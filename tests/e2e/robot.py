"""A robot over real HTTP that behaves as the test specifies."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import Exchange
from tests.results import jsonl

Job = dict[str, Any]
Behaviour = Callable[["Robot", Job], Awaitable[web.Response]]


class Robot:
    """Listens at `url` and calls `behaviour` with each job. `jobs` has all of them, in the order of arrival."""

    def __init__(self, exchange: Exchange, behaviour: Behaviour) -> None:
        self.exchange = exchange
        self.behaviour = behaviour
        # The credentials that each job was signed with, by the id of the job.
        self.credentials: dict[str, Credentials] = {}
        self.jobs: list[Job] = []
        self.url = ""
        self.session = aiohttp.ClientSession()

    async def upload(self, job: Job, *entries: Any) -> int:
        """Upload the entries as the result file and return the HTTP status. Bytes are lines that are sent unchanged."""
        return await self.put(job["result_storage_url"], jsonl(*entries))

    async def put(self, url: str, body: bytes) -> int:
        async with self.session.put(url, data=body, headers={"x-ms-blob-type": "BlockBlob"}) as response:
            return response.status

    async def download_references(self, job: Job) -> list[dict[str, Any]]:
        async with self.session.get(job["reference_storage_url"]) as response:
            return [json.loads(line) for line in (await response.read()).splitlines()]

    async def call_back(self, job: Job, error: str | None = None, **fields: Any) -> tuple[int, dict[str, Any]]:
        """Call back, and return the HTTP status and the body."""
        body = {"request_id": job["id"], "error": {"message": error} if error else None, **fields}
        return await self.exchange.call_as_robot(self.credentials[job["id"]], body)

    async def _receive_job(self, request: web.Request) -> web.Response:
        body = await request.read()
        robot_id = request.headers["X-Client-Id"]
        credentials = Credentials(UUID(robot_id), self.exchange.secrets[robot_id])
        assert credentials.verify(request.headers, body)
        job = json.loads(body)
        self.credentials[job["id"]] = credentials
        self.jobs.append(job)
        return await self.behaviour(self, job)


@asynccontextmanager
async def running_robot(exchange: Exchange, behaviour: Behaviour, port: int = 0) -> AsyncIterator[Robot]:
    """Run a robot at a port. Port 0 is any free one."""
    robot = Robot(exchange, behaviour)
    app = web.Application()
    app.router.add_post("/batch/", robot._receive_job)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    robot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield robot
    finally:
        await runner.cleanup()
        await robot.session.close()


async def accept_job(_robot: Robot, _job: Job) -> web.Response:
    """Answer 202 and do nothing else."""
    return web.Response(status=202)
