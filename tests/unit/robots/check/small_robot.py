"""A small robot that passes every check. Each of its methods can be replaced by a wrong one."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from exchange.robots.exchange import Credentials

Json = dict[str, Any]
TEMPORARY = {500, 503}
ATTEMPTS = 4


class RobotError(Exception):
    """The job has failed."""


class SmallRobot:
    """Works on jobs in the background."""

    accepted_status = 202
    retried_methods = frozenset({"GET", "PUT", "POST"})
    retries_connections = True
    refreshed_methods = frozenset({"GET", "PUT"})
    upload_headers: Mapping[str, str] = {"x-ms-blob-type": "BlockBlob"}
    storage_headers: Mapping[str, str] = {}
    callback_type = "application/json"
    # The names of the URLs in the answer to a refresh, if they are others.
    fresh_names: Mapping[str, str] = {}

    def __init__(self, api: str, credentials: Credentials, session: aiohttp.ClientSession) -> None:
        self.api = api
        self.credentials = credentials
        self.session = session
        self.jobs: dict[str, asyncio.Task[None]] = {}

    def make_app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/batch/", self.accept)
        return app

    async def accept(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self.verify(request.headers, body):
            return web.Response(status=401)
        job = json.loads(body)
        if self.is_known(job["id"]):
            return web.Response(status=409)
        return await self.start(job)

    async def start(self, job: Json) -> web.Response:
        self.jobs[job["id"]] = asyncio.create_task(self.run(job))
        return web.Response(status=self.accepted_status)

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        return self.credentials.verify(headers, body)

    def is_known(self, job_id: str) -> bool:
        return job_id in self.jobs

    async def run(self, job: Json) -> None:
        try:
            await self.work(job)
        except Exception as error:  # noqa: BLE001 - every error becomes the robot's message
            await self.call_back(job, self.explain(error, job))
        else:
            await self.call_back(job, None)

    async def work(self, job: Json) -> None:
        result = self.write(job, self.parse(await self.download(job)))
        await self.upload(job, result)

    def explain(self, error: Exception, job: Json) -> str | None:  # noqa: ARG002 - others use the job
        return type(error).__name__

    async def download(self, job: Json) -> bytes:
        return await self.use_url("GET", job, "reference_storage_url", "reference_data_url")

    async def upload(self, job: Json, result: bytes) -> None:
        await self.use_url("PUT", job, "result_storage_url", "result_storage_url", result, self.upload_headers)

    def parse(self, data: bytes) -> list[Json]:
        return [json.loads(line) for line in data.split(b"\n") if line]

    def write(self, job: Json, references: list[Json]) -> bytes:
        entries = [entry for reference in references for entry in self.enhance(job, reference)]
        return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)

    def enhance(self, job: Json, reference: Json) -> list[Json]:  # noqa: ARG002 - others use the job
        enhancements = reference["enhancements"] or []
        if not enhancements:
            return [{"reference_id": reference["id"], "message": "There is no text."}]
        return [self.make_enhancement(reference)]

    def make_enhancement(self, reference: Json, **fields: Any) -> Json:
        used = [enhancement["id"] for enhancement in reference["enhancements"]]
        content = {"enhancement_type": "annotation", "annotations": [self.make_annotation()]}
        known = {"reference_id": reference["id"], "source": "small", "visibility": "public", "robot_version": "1"}
        return {**known, "derived_from": used, "content": content, **fields}

    def make_annotation(self) -> Json:
        return {"annotation_type": "boolean", "scheme": "small", "label": "yes", "value": True, "score": 0.5}

    async def call_back(self, job: Json, error: str | None) -> None:
        content = {"request_id": job["id"], "error": None if error is None else {"message": error}}
        await self.send_callback(json.dumps(content).encode())

    async def send_callback(self, body: bytes) -> None:
        await self.send("POST", self.make_callback_url(body), body, lambda: self.sign_callback(body))

    def make_callback_url(self, body: bytes) -> str:  # noqa: ARG002 - a robot that fetches its jobs uses it
        return f"{self.api}/robot/enhancement/batch/"

    def sign_callback(self, body: bytes) -> dict[str, str]:
        return {**self.credentials.make_headers(body), "Content-Type": self.callback_type}

    async def use_url(  # noqa: PLR0913, PLR0917 - what the two requests differ in
        self, method: str, job: Json, name: str, fresh: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        sent = {**self.storage_headers, **(headers or {})}
        status, content = await self.send(method, self.to_url(job[name]), body, lambda: sent)
        if status == 403 and method in self.refreshed_methods:
            url = (await self.refresh(job)).get(self.fresh_names.get(fresh, fresh))
            if url is None:
                raise RobotError
            status, content = await self.send(method, self.to_url(url), body, lambda: sent)
        if status not in {200, 201}:
            raise RobotError
        return content

    def to_url(self, url: str) -> str:
        return url

    async def refresh(self, job: Json) -> Json:
        status, content = await self.send("GET", self.make_refresh_url(job), None, self.sign_refresh)
        batch: Json = json.loads(content) if status == 200 else {"result_storage_url": None}
        return batch

    def make_refresh_url(self, job: Json) -> str:
        return f"{self.api}/references/enhancement/batch/{job['id']}"

    def sign_refresh(self) -> dict[str, str]:
        return self.credentials.make_headers(b"")

    async def send(self, method: str, url: str, body: Any, make_headers: Any) -> tuple[int, bytes]:
        """Send a request. Repeat it while it fails temporarily."""
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1 or method not in self.retried_methods
            try:
                async with self.session.request(
                    method, URL(url, encoded=True), data=body, headers=make_headers()
                ) as response:
                    if not self.is_temporary(response.status) or last:
                        return response.status, await self.read(response)
                    delay_s = self.choose_delay(response.headers)
            except aiohttp.ClientError:
                if last or not self.retries_connections:
                    raise
                delay_s = 0.01
            await asyncio.sleep(delay_s)
        raise AssertionError

    def is_temporary(self, status: int) -> bool:
        return status in TEMPORARY

    def choose_delay(self, headers: Mapping[str, str]) -> float:
        return float(headers.get("Retry-After", 0.01))

    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        return await response.read()


@asynccontextmanager
async def serving_small(kind: type[SmallRobot], api: str, credentials: Credentials) -> AsyncIterator[str]:
    """Serve a robot. Yields its address."""
    async with aiohttp.ClientSession() as session:
        robot = kind(api, credentials, session)
        runner = web.AppRunner(robot.make_app(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
            for task in robot.jobs.values():
                task.cancel()
            await asyncio.gather(*robot.jobs.values(), return_exceptions=True)
