"""A robot that is written with a release of the SDK: its door, its models, its client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from aiohttp import web

from exchange.contract.references import Reference
from exchange.contract.robots import BatchRobotRequest, BatchRobotResult, ProvisionedRobot, RobotIn
from exchange.domain.ids import new_id
from tests.e2e.exchange import PATIENCE_S, Exchange
from tests.sdk.releases import Release

# What the robot makes of its references: the entries of its result.
Judge = Callable[[list[Any]], Iterable[Any]]


def incoming(sdk: Release, headers: Mapping[str, str], body: bytes) -> Any:
    """Give a request as a robot's web framework hands it to the SDK."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return sdk.auth.Request({"type": "http", "method": "POST", "path": "/batch/", "headers": raw}, receive)


class SdkRobot:
    """Listens at `url`. Its work blocks, as the SDK's client does: it is for a thread of its own."""

    def __init__(self, sdk: Release, exchange: Exchange) -> None:
        self.sdk = sdk
        self.exchange = exchange
        self.url = ""
        # What it was told when it was registered.
        self.robot: Any = None
        self.orders: asyncio.Queue[Any] = asyncio.Queue()

    async def register(self) -> None:
        """Be registered by an operator who has the same SDK."""
        name = f"sdk {self.sdk.version} {new_id()}"
        robot = self.sdk.make(RobotIn, name=name, base_url=self.url, description="d", owner="o")
        status, body = await self.exchange.post("/robots/", robot.model_dump_json().encode())
        assert status == 201, body
        self.robot = self.sdk.of(ProvisionedRobot).model_validate(body)

    async def take(self, request: web.Request) -> web.Response:
        """Let in whom the SDK lets in, and take what it can parse."""
        body = await request.read()
        let_in = self.sdk.auth.HMACAuth(self.robot.client_secret)
        try:
            await let_in(incoming(self.sdk, request.headers, body))
        except self.sdk.auth.AuthException as error:
            return web.json_response({"detail": error.detail}, status=error.status_code)
        self.orders.put_nowait(self.sdk.of(BatchRobotRequest).model_validate_json(body))
        return web.Response(status=202)

    async def asked(self) -> Any:
        """Wait for the next batch."""
        return await asyncio.wait_for(self.orders.get(), PATIENCE_S)

    def client(self, secret: str | None = None) -> Any:
        """Make the SDK's client, with our secret or another one."""
        secret = secret or self.robot.client_secret
        return self.sdk.client.Client(self.exchange.stack.api, secret_key=secret, client_id=self.robot.id)

    def lines(self, url: Any) -> list[bytes]:
        """Download a file of lines."""
        content: bytes = self.sdk.client.httpx.get(str(url)).raise_for_status().content
        return content.splitlines()

    def references(self, url: Any) -> list[Any]:
        """Download the references of a batch."""
        return [self.sdk.of(Reference).from_jsonl(line) for line in self.lines(url)]

    def deliver(self, order: Any, judge: Judge) -> Any:
        """Upload the result, and call back; return what the exchange answers."""
        entries = judge(self.references(order.reference_storage_url))
        result = "".join(f"{entry.to_jsonl()}\n" for entry in entries)
        headers = {"x-ms-blob-type": "BlockBlob"}
        put = self.sdk.client.httpx.put(str(order.result_storage_url), content=result, headers=headers)
        assert put.status_code == 201
        return self.report(order.id)

    def report(self, batch_id: UUID, error: str | None = None) -> Any:
        """Call back: the result is ready, or all of it went wrong."""
        failure = self.sdk.robots.RobotError(message=error) if error else None
        result = self.sdk.make(BatchRobotResult, request_id=batch_id, error=failure)
        return self.client().send_batch_robot_result(result)


@asynccontextmanager
async def running_robot(sdk: Release, exchange: Exchange) -> AsyncIterator[SdkRobot]:
    """Run a robot, and have it registered."""
    robot = SdkRobot(sdk, exchange)
    app = web.Application()
    app.router.add_post("/batch/", robot.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    robot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await robot.register()
    yield robot
    await runner.cleanup()
