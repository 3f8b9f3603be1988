"""A fake of the exchange and its storage, as far as a robot uses them. It serves one batch at a time."""

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

TIMEOUT_S = 20.0
CREDENTIALS = Credentials(uuid4(), "the robot's secret")
# In place of an HTTP status: the connection is closed without a response.
DISCONNECT = 0

Json = dict[str, Any]
Faults = Mapping[str, Iterable[int]]


class FakeExchange:
    """Follows the contract, with injected faults: `faults` has the statuses for the next requests of each kind."""

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

    def make_app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        app.router.add_get("/data", self._download)
        app.router.add_put("/result", self._upload)
        app.router.add_post("/robot/enhancement/batch/", self._callback)
        app.router.add_get("/references/enhancement/batch/{id}", self._read)
        return app

    def make_job(self) -> Json:
        data, result = self._make_urls()
        return {"id": self.batch_id, "reference_storage_url": data, "result_storage_url": result, "extra_fields": None}

    def expire_urls(self) -> None:
        """Make the URLs that were sent so far expire."""
        self._signature += 1

    async def send_job(self, job: Json | None = None) -> int:
        """Send the job to the robot with a signature. Return the HTTP status."""
        url, body = f"{self.robot_url}/batch/", json.dumps(job or self.make_job()).encode()
        return await self.post(url, body, CREDENTIALS.headers(body))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post the body to the robot. Return the HTTP status."""
        async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=headers) as response:
            return response.status

    async def wait_for_callback(self) -> Json:
        """Wait for the next callback, and return its body."""
        return await asyncio.wait_for(self.callbacks.get(), TIMEOUT_S)

    def read_entries(self) -> list[Json]:
        return [json.loads(line) for line in self.result.splitlines()]

    def _make_urls(self) -> tuple[str, str]:
        return f"{self.url}/data?sig={self._signature}", f"{self.url}/result?sig={self._signature}"

    async def _download(self, request: web.Request) -> web.Response:
        self._record("download", request, signed=True)
        return web.Response(body=self._data)

    async def _upload(self, request: web.Request) -> web.Response:
        self._record("upload", request, signed=True)
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise web.HTTPBadRequest
        self.result = await request.read()
        return web.Response(status=201)

    async def _callback(self, request: web.Request) -> web.Response:
        self._record("callback", request)
        assert CREDENTIALS.verify(request.headers, await request.read())
        self.callbacks.put_nowait(await request.json())
        return web.json_response({"id": self.batch_id, "request_status": "importing"})

    async def _read(self, request: web.Request) -> web.Response:
        self._record("read", request)
        assert CREDENTIALS.verify(request.headers, b"")
        if request.match_info["id"] != self.batch_id:
            raise web.HTTPNotFound
        data, result = self._make_urls()
        return web.json_response({"id": self.batch_id, "reference_data_url": data, "result_storage_url": result})

    def _record(self, kind: str, request: web.Request, *, signed: bool = False) -> None:
        """Record the request. Raise an error if a fault is due or if its URL has expired."""
        self.requests.append(kind)
        if faults := self._faults.get(kind):
            status = faults.pop(0)
            if status == DISCONNECT and request.transport is not None:
                request.transport.abort()
            raise _make_error(status or 500)
        if signed and request.query.get("sig") != str(self._signature):
            raise _make_error(403)


def _make_error(status: int) -> web.HTTPException:
    error = web.HTTPBadRequest()
    error.set_status(status)
    return error


def to_jsonl(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Serve an app on a free port. Yields its address."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def running_exchange(data: bytes, faults: Faults = MappingProxyType({})) -> AsyncIterator[FakeExchange]:
    """Serve a fake exchange with this reference data."""
    exchange = FakeExchange(data, faults)
    async with serving(exchange.make_app()) as exchange.url:
        yield exchange


@asynccontextmanager
async def running_exchange_and_robot(
    data: bytes, faults: Faults = MappingProxyType({}), work_on: Work = work
) -> AsyncIterator[FakeExchange]:
    """Serve a fake exchange and the sample robot, which waits only briefly between attempts."""
    async with running_exchange(data, faults) as exchange, aiohttp.ClientSession() as session:
        robot = Robot(Exchange(exchange.url, CREDENTIALS, session, first_delay_s=0.001), work_on)
        async with serving(robot.make_app()) as exchange.robot_url:
            yield exchange
