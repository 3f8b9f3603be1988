"""A fake of the exchange and its storage, as far as a robot uses them. It serves one batch at a time."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from samples.robot_from_scratch.robot import Robot, Work, work
from samples.robot_from_scratch.signing import Credentials
from samples.robot_from_scratch.wire import Exchange

TIMEOUT_S = 20.0
CREDENTIALS = Credentials(uuid4(), "the robot's secret")
# In place of an HTTP status: the connection is closed without a response, or in the middle of the body.
DISCONNECT = 0
CUT = -1

_PIECE_BYTES = 1 << 16

Json = dict[str, Any]
Faults = Mapping[str, Iterable[int]]


class FakeExchange:
    """Follows the contract, with injected faults: `faults` has the statuses for the next requests of each kind."""

    def __init__(self, data: bytes, faults: Faults) -> None:
        self.url = ""
        self.robot_url = ""
        self.batch_id = str(uuid4())
        self.result = b""
        self.etag = '"1"'
        # False as for a batch that has ended: it has no URL to upload to.
        self.accepts_uploads = True
        # Answers with status 200 to the next requests for the batch, as a proxy may send them.
        self.strange_answers: list[bytes] = []
        self.requests: list[str] = []
        self.callbacks: asyncio.Queue[Json] = asyncio.Queue()
        self._data = data
        self._faults = {kind: list(statuses) for kind, statuses in faults.items()}
        self._signature = 1
        self._blocks: dict[str, bytes] = {}

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

    def replace_data(self, data: bytes) -> None:
        """Replace the references by another snapshot."""
        self._data, self.etag = data, '"2"'

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

    async def _download(self, request: web.Request) -> web.StreamResponse:
        cut = self.record("download", request, signed=True) == CUT
        if request.headers.get("If-Match", self.etag) != self.etag:
            raise _make_error(412)
        start = request.http_range.start or 0
        if start and start >= len(self._data):
            raise _make_error(416)
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": self.etag})
        response.content_length = len(self._data) - start
        await response.prepare(request)
        end = (start + len(self._data)) // 2 if cut else len(self._data)
        for piece in range(start, end, _PIECE_BYTES):
            await response.write(self._data[piece : min(piece + _PIECE_BYTES, end)])
        if cut and request.transport is not None:
            request.transport.close()
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        """Store the result, or a block of it, or put the blocks together."""
        self.record("upload", request, signed=True)
        content = await request.read()
        match request.query.get("comp"):
            case "block":
                self._blocks[request.query["blockid"]] = content
            case "blocklist":
                ids = re.findall(r"<Latest>(.+?)</Latest>", content.decode())
                self.result = b"".join(self._blocks[each] for each in ids)
            case _ if request.headers.get("x-ms-blob-type") != "BlockBlob":
                raise web.HTTPBadRequest
            case _:
                self.result = content
        return web.Response(status=201)

    async def _callback(self, request: web.Request) -> web.Response:
        self.record("callback", request)
        assert CREDENTIALS.verify(request.headers, await request.read())
        self.callbacks.put_nowait(await request.json())
        return web.json_response({"id": self.batch_id, "request_status": "importing"})

    async def _read(self, request: web.Request) -> web.Response:
        self.record("read", request)
        assert CREDENTIALS.verify(request.headers, b"")
        if self.strange_answers:
            return web.Response(body=self.strange_answers.pop())
        if request.match_info["id"] != self.batch_id:
            raise web.HTTPNotFound
        data, result = self._make_urls()
        urls = {"reference_data_url": data, "result_storage_url": result if self.accepts_uploads else None}
        return web.json_response({"id": self.batch_id, **urls})

    def record(self, kind: str, request: web.Request, *, signed: bool = False) -> int | None:
        """Record the request. Raise an error if a fault is due or if its URL has expired. Return the fault `CUT`."""
        self.requests.append(kind)
        return self.raise_fault(kind, request, signed=signed)

    def raise_fault(self, kind: str, request: web.Request, *, signed: bool = False) -> int | None:
        """Raise an error if a fault is due or if the URL has expired. Return the fault `CUT`."""
        fault = None
        if faults := self._faults.get(kind):
            fault = faults.pop(0)
            if fault == DISCONNECT and request.transport is not None:
                request.transport.abort()
            if fault != CUT:
                raise _make_error(fault or 500)
        if signed and request.query.get("sig") != str(self._signature):
            raise _make_error(403)
        return fault


def _make_error(status: int) -> web.HTTPException:
    error = web.HTTPBadRequest(headers={"Retry-After": "0"})
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
