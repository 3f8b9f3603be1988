"""The HTTP service of a robot: it accepts jobs and works on them in the background."""

import asyncio
import logging

from aiohttp import web

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.exchange import Credentials
from exchange.robots.job import parse_job
from exchange.robots.jobs import JobStore
from exchange.robots.logs import bind_batch
from exchange.robots.work import JobRunner

log = logging.getLogger("robot")

# Further jobs wait. A job needs memory for a window and for a block of its upload.
MAX_RUNNING_JOBS = 4
RETRY_AFTER_S = 10


class RobotServer:
    """Accepts jobs, and resumes those that an earlier process accepted."""

    def __init__(self, version: str | None, credentials: Credentials, runner: JobRunner, store: JobStore) -> None:
        self._version = version
        self._credentials = credentials
        self._runner = runner
        self._store = store
        self._stopping = False
        self._open_jobs: dict[str, asyncio.Task[None]] = {}
        self._free_places = asyncio.Semaphore(MAX_RUNNING_JOBS)

    def make_app(self) -> web.Application:
        """Return the web application: `POST /batch/` and `GET /health`."""
        app = web.Application()
        app.router.add_post("/batch/", self._accept)
        app.router.add_get("/health", self._return_health)
        return app

    def resume(self) -> None:
        """Go on with the jobs in the state folder."""
        for job in self._store.load_all():
            self._start(job)

    async def stop(self) -> None:
        """Accept no more jobs. Finish the windows in progress. The state folder keeps the jobs."""
        self._stopping = True
        tasks = list(self._open_jobs.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, request: web.Request) -> web.Response:
        """Accept a job. A repeated job is accepted again, and nothing is started."""
        body = await request.read()
        if not self._credentials.verify(request.headers, body):
            return _refuse(401, "The request has no valid signature of the exchange.")
        if self._stopping:
            answer = _refuse(503, "The robot is stopping.")
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
            return answer
        try:
            job = parse_job(body)
        except ValueError as error:
            return _refuse(400, str(error))
        batch_id = str(job.id)
        if batch_id not in self._open_jobs and not self._store.is_finished(batch_id):
            # It is saved before it is accepted: the exchange does not send an accepted job again.
            self._store.save(job)
            self._start(job)
        return web.Response(status=202)

    async def _return_health(self, _request: web.Request) -> web.Response:
        status = "stopping" if self._stopping else "ok"
        return web.json_response({"status": status, "version": self._version, "open_jobs": len(self._open_jobs)})

    def _start(self, job: BatchRobotRequest) -> None:
        self._open_jobs[str(job.id)] = asyncio.create_task(self._run(job))

    async def _run(self, job: BatchRobotRequest) -> None:
        batch_id = str(job.id)
        with bind_batch(batch_id):
            try:
                async with self._free_places:
                    await self._runner.run(job)
            except Exception:
                log.exception("the job stopped, and is resumed at the next start")
            except asyncio.CancelledError:
                if self._stopping:
                    raise
                log.exception("the job was cancelled, and is resumed at the next start")
            finally:
                del self._open_jobs[batch_id]


def _refuse(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
