"""A stand-in of the exchange and its storage, as a robot meets them, for one batch at a time."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from samples.robot.robot import Robot, Work, work
from samples.robot.signing import Credentials
from samples.robot.wire import Exchange

PATIENCE_S = 20.0
CREDENTIALS = Credentials(uuid4(), "the robot's secret")
# In place of an HTTP status: the connection is cut without an answer.
CUT = 0

Json = dict[str, Any]
Faults = Mapping[str, Iterable[int]]


class StandIn:
    """Keeps the contract, but for what `faults` says: how to answer the next requests of a kind instead."""

    def __init__(self, data: bytes, faults: Faults) -> None:
        self.url = ""
        self.robot_url = ""
        self.batch_id = str(uuid4())
        self.result = b""
        self.requests: list[str] = []
        self.callbacks: asyncio.Queue[Json] = asyncio.Queue()
        self._data = data
        self._faults = {kind: list(statuses) for kind, statuses in faults.items()}
        self._signature = 1

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        app.router.add_get("/data", self._download)
        app.router.add_put("/result", self._upload)
        app.router.add_post("/robot/enhancement/batch/", self._callback)
        app.router.add_get("/references/enhancement/batch/{id}", self._read)
        return app

    def order(self) -> Json:
        data, result = self._urls()
        return {"id": self.batch_id, "reference_storage_url": data, "result_storage_url": result, "extra_fields": None}

    def expire(self) -> None:
        """End the URLs that were given so far."""
        self._signature += 1

    async def ask(self, order: Json | None = None) -> int:
        """Ask the robot for the batch, signed; return the HTTP status."""
        url, body = f"{self.robot_url}/batch/", json.dumps(order or self.order()).encode()
        return await self.send(url, body, CREDENTIALS.headers(body))

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post this to the robot; return the HTTP status."""
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
            return response.status

    async def called_back(self) -> Json:
        """Wait for a callback that we took."""
        return await asyncio.wait_for(self.callbacks.get(), PATIENCE_S)

    def entries(self) -> list[Json]:
        return [json.loads(line) for line in self.result.splitlines()]

    def _urls(self) -> tuple[str, str]:
        return f"{self.url}/data?sig={self._signature}", f"{self.url}/result?sig={self._signature}"

    async def _download(self, request: web.Request) -> web.Response:
        self._meet("download", request, signed=True)
        return web.Response(body=self._data)

    async def _upload(self, request: web.Request) -> web.Response:
        self._meet("upload", request, signed=True)
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise web.HTTPBadRequest
        self.result = await request.read()
        return web.Response(status=201)

    async def _callback(self, request: web.Request) -> web.Response:
        self._meet("callback", request)
        assert CREDENTIALS.signed(request.headers, await request.read())
        self.callbacks.put_nowait(await request.json())
        return web.json_response({"id": self.batch_id, "request_status": "importing"})

    async def _read(self, request: web.Request) -> web.Response:
        self._meet("read", request)
        assert CREDENTIALS.signed(request.headers, b"")
        if request.match_info["id"] != self.batch_id:
            raise web.HTTPNotFound
        data, result = self._urls()
        return web.json_response({"id": self.batch_id, "reference_data_url": data, "result_storage_url": result})

    def _meet(self, kind: str, request: web.Request, *, signed: bool = False) -> None:
        """Note the request; answer it otherwise if a fault is due, or if its URL has expired."""
        self.requests.append(kind)
        if faults := self._faults.get(kind):
            status = faults.pop(0)
            if status == CUT and request.transport is not None:
                request.transport.abort()
            raise _fault(status or 500)
        if signed and request.query.get("sig") != str(self._signature):
            raise _fault(403)


def _fault(status: int) -> web.HTTPException:
    fault = web.HTTPBadRequest()
    fault.set_status(status)
    return fault


def jsonl(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve an app at a free port; give its address."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def stand_in(data: bytes, faults: Faults = MappingProxyType({})) -> AsyncIterator[StandIn]:
    """Serve the stand-in with this reference data."""
    exchange = StandIn(data, faults)
    async with serving(exchange.app()) as exchange.url:
        yield exchange


@asynccontextmanager
async def with_robot(
    data: bytes, faults: Faults = MappingProxyType({}), work_on: Work = work
) -> AsyncIterator[StandIn]:
    """Serve the stand-in and the sample robot, which pauses shortly."""
    async with stand_in(data, faults) as exchange, aiohttp.ClientSession() as session:
        robot = Robot(Exchange(exchange.url, CREDENTIALS, session, first_pause_s=0.001), work_on)
        async with serving(robot.app()) as exchange.robot_url:
            yield exchange
