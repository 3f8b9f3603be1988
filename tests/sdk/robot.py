"""A robot that uses a release of the SDK: its authentication, its models and its client."""

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

# Makes the entries of a result from the references.
MakeEntries = Callable[[list[Any]], Iterable[Any]]


def make_request(sdk: Release, headers: Mapping[str, str], body: bytes) -> Any:
    """Return a request as a robot's web framework passes it to the SDK."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return sdk.auth.Request({"type": "http", "method": "POST", "path": "/batch/", "headers": raw}, receive)


class SdkRobot:
    """Listens at `url`. Its work blocks, as the SDK's client does, so tests run it in a thread."""

    def __init__(self, sdk: Release, exchange: Exchange) -> None:
        self.sdk = sdk
        self.exchange = exchange
        self.url = ""
        # The answer to its registration.
        self.robot: Any = None
        self.jobs: asyncio.Queue[Any] = asyncio.Queue()

    async def register(self) -> None:
        """Register the robot, as an operator with the same SDK does."""
        name = f"sdk {self.sdk.version} {new_id()}"
        robot = self.sdk.make(RobotIn, name=name, base_url=self.url, description="d", owner="o")
        status, body = await self.exchange.post("/robots/", robot.model_dump_json().encode())
        assert status == 201, body
        self.robot = self.sdk.model_for(ProvisionedRobot).model_validate(body)

    async def accept(self, request: web.Request) -> web.Response:
        """Accept a job if the SDK authenticates the request and parses the job."""
        body = await request.read()
        authenticate = self.sdk.auth.HMACAuth(self.robot.client_secret)
        try:
            await authenticate(make_request(self.sdk, request.headers, body))
        except self.sdk.auth.AuthException as error:
            return web.json_response({"detail": error.detail}, status=error.status_code)
        self.jobs.put_nowait(self.sdk.model_for(BatchRobotRequest).model_validate_json(body))
        return web.Response(status=202)

    async def wait_for_job(self) -> Any:
        """Wait for the next job."""
        return await asyncio.wait_for(self.jobs.get(), PATIENCE_S)

    def make_client(self, secret: str | None = None) -> Any:
        """Return the SDK's client, with the robot's secret or another one."""
        secret = secret or self.robot.client_secret
        return self.sdk.client.Client(self.exchange.stack.api, secret_key=secret, client_id=self.robot.id)

    def download_lines(self, url: Any) -> list[bytes]:
        """Return the lines of a file."""
        content: bytes = self.sdk.client.httpx.get(str(url)).raise_for_status().content
        return content.splitlines()

    def download_references(self, url: Any) -> list[Any]:
        """Return the references of a job."""
        return [self.sdk.model_for(Reference).from_jsonl(line) for line in self.download_lines(url)]

    def deliver(self, job: Any, make_entries: MakeEntries) -> Any:
        """Upload the result and call back. Return the answer of the exchange."""
        entries = make_entries(self.download_references(job.reference_storage_url))
        result = "".join(f"{entry.to_jsonl()}\n" for entry in entries)
        headers = {"x-ms-blob-type": "BlockBlob"}
        put = self.sdk.client.httpx.put(str(job.result_storage_url), content=result, headers=headers)
        assert put.status_code == 201
        return self.call_back(job.id)

    def call_back(self, batch_id: UUID, error: str | None = None) -> Any:
        """Call back: the result is complete, or the whole batch failed."""
        failure = self.sdk.robots.RobotError(message=error) if error else None
        result = self.sdk.make(BatchRobotResult, request_id=batch_id, error=failure)
        return self.make_client().send_batch_robot_result(result)


@asynccontextmanager
async def running_robot(sdk: Release, exchange: Exchange) -> AsyncIterator[SdkRobot]:
    """Run and register a robot."""
    robot = SdkRobot(sdk, exchange)
    app = web.Application()
    app.router.add_post("/batch/", robot.accept)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    robot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await robot.register()
    yield robot
    await runner.cleanup()
