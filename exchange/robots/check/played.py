"""The played exchange: it answers the robot's refreshes and callbacks, and has the storage and the jobs to fetch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.robots import BatchRobotResult
from exchange.robots.check.jobs import DISCONNECT, Fault, Kind, PlayedJob, Received
from exchange.robots.check.queue import PATHS, PlayedQueue
from exchange.robots.check.signed import find_signature_faults
from exchange.robots.check.storage import Storage, make_error
from exchange.robots.exchange import Credentials

_MAX_BODY_BYTES = 1 << 28


class ListenError(Exception):
    """The address is in use, or is not one of this machine."""


class PlayedExchange:
    """Serves jobs. It accepts what the exchange would refuse, and records the fault."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._jobs: dict[str, PlayedJob] = {}
        self._storage = Storage(self._jobs)
        # The jobs of a robot that fetches them.
        self.queue = PlayedQueue(credentials, self._jobs)
        # What is wrong with callbacks that name none of the jobs.
        self.strays: list[str] = []

    @property
    def url(self) -> str:
        """The address under which the robot reaches it."""
        return self._storage.url

    @asynccontextmanager
    async def serve(self, host: str, port: int, address: str | None = None) -> AsyncIterator[None]:
        """Listen until the context ends. Raises ListenError.

        `address` is how the robot reaches it, if that is another one.
        """
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        self._storage.add_routes(app)
        self.queue.add_routes(app)
        for slash in ("", "/"):
            app.router.add_post(f"/robot/enhancement/batch{slash}", self._take_callback)
            app.router.add_get(f"/references/enhancement/batch/{{id}}{slash}", self._refresh)
            for path in PATHS:
                app.router.add_post(f"{path}/{{id}}/results{slash}", self._take_callback)
                app.router.add_get(f"{path}/{{id}}{slash}", self._refresh)
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise ListenError(f"The check cannot listen on {host}:{port}: {error.strerror}.") from None
            self._storage.url = (address or f"http://{host}:{runner.addresses[0][1]}").rstrip("/")
            yield
        finally:
            await runner.cleanup()

    def add(self, job: PlayedJob) -> dict[str, object]:
        """Serve a job. Return it as the exchange sends it."""
        self._jobs[job.id] = job
        return self._make_job(job)

    def _make_job(self, job: PlayedJob) -> dict[str, object]:
        references, result = self._storage.make_urls(job)
        return {
            "id": job.id,
            "reference_storage_url": references,
            "result_storage_url": result,
            "extra_fields": None,
        }

    async def _refresh(self, request: web.Request) -> web.Response:
        job = self._jobs.get(request.match_info["id"])
        if job is None:
            raise make_error(404)
        body = await request.read()
        faults = find_signature_faults(self._credentials, request, body, "The GET for fresh URLs")
        if body:
            faults[Fault.SIGNATURE] = "The GET for fresh URLs had a body."
        if not job.fetched:
            job.record(Received(Kind.REFRESH, 200, faults))
            return web.json_response(self._read(job))
        if job.cancelled:
            job.record(Received(Kind.REFRESH, 409, faults))
            raise make_error(409)
        job.record(Received(Kind.REFRESH, 200, faults))
        return web.json_response({**self._make_job(job), "a_new_field": None})

    async def _take_callback(self, request: web.Request) -> web.Response:
        body = await request.read()
        faults = find_signature_faults(self._credentials, request, body, "The callback")
        try:
            callback = BatchRobotResult.model_validate_json(body)
        except ValidationError as error:
            self.strays.append(f"A callback had a body that does not fit: {'; '.join(describe_faults(error, body))}.")
            raise make_error(422) from None
        job = self._jobs.get(request.match_info.get("id", str(callback.request_id)))
        if job is None:
            self.strays.append("A callback named a job that does not exist.")
            raise make_error(404)
        if job.fetched and request.match_info.get("id") != str(callback.request_id):
            faults[Fault.PATH] = (
                f"A callback to {request.path} had the request_id {callback.request_id}. It must be sent to "
                f"{PATHS[0]}/<request_id>/results/."
            )
        if request.content_type != "application/json":
            faults[Fault.MEDIA_TYPE] = f"The callback had the Content-Type '{request.content_type}'."
        if callback.error is None and job.result is None:
            faults[Fault.EARLY] = "The callback came before a result was uploaded."
        if callback.storage_url not in {None, self._storage.make_urls(job)[1]}:
            faults[Fault.BODY] = "The storage_url of the callback is not the result_storage_url of the job."
        fault = job.take_fault(Kind.CALLBACK)
        success = 202 if job.fetched and callback.error is None else 200
        status = success if fault is None else fault
        job.record(Received(Kind.CALLBACK, status, faults, body))
        if fault == DISCONNECT and request.transport is not None:
            request.transport.abort()
        if fault is not None:
            raise make_error(fault or 500, job.retry_after_s)
        return web.json_response(self._read(job), status=success)

    def _read(self, job: PlayedJob) -> dict[str, object]:
        """Return the batch request as the exchange does, with a field that is newer than any robot."""
        references, result = (None, None) if job.cancelled else self._storage.make_urls(job)
        return {
            "id": job.id,
            "robot_id": str(self._credentials.robot_id),
            "reference_ids": [str(reference_id) for reference_id in job.reference_ids],
            "source": "the conformance check",
            "request_status": "failed" if job.cancelled else "accepted",
            "reference_data_url": references,
            "result_storage_url": result,
            "validation_result_file": None,
            "validation_result_url": None,
            "error": None,
            "a_new_field": None,
        }
