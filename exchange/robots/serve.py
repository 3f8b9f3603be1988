"""The process of a robot that serves: its connections, its state folder, and how it stops."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from exchange.robots.errors import ServeError
from exchange.robots.exchange import Credentials, Exchange
from exchange.robots.folders import explain_folder, locked
from exchange.robots.functions import Judge
from exchange.robots.jobs import JobStore
from exchange.robots.retries import TIMEOUT, Backoff, Http
from exchange.robots.server import RobotServer
from exchange.robots.signals import stop_at_signals
from exchange.robots.work import JobRunner

log = logging.getLogger("robot")


@dataclass(frozen=True, slots=True)
class Service:
    """Who the robot is, where it listens, and where its exchange and its state are."""

    version: str | None
    credentials: Credentials
    api: str
    host: str
    port: int
    folder: Path
    backoff: Backoff = field(default_factory=Backoff)


async def serve(service: Service, judge: Judge) -> None:
    """Serve until SIGTERM or SIGINT. Raises ServeError."""
    store = _open_store(service.folder)
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        http = Http(session, service.backoff)
        exchange = Exchange(service.api, service.credentials, http)
        runner = JobRunner(judge, exchange, http, store)
        server = RobotServer(service.version, service.credentials, runner, store)
        app_runner = web.AppRunner(server.make_app(), access_log=None, shutdown_timeout=1.0)
        await app_runner.setup()
        try:
            await _listen(app_runner, service)
            with locked(service.folder):
                await _work_until_stopped(server)
        finally:
            await app_runner.cleanup()
    log.info("stopped")


def _open_store(folder: Path) -> JobStore:
    try:
        return JobStore(folder)
    except OSError as error:
        raise explain_folder(folder, error) from None


async def _listen(app_runner: web.AppRunner, service: Service) -> None:
    try:
        await web.TCPSite(app_runner, service.host, service.port).start()
    except OSError as error:
        raise ServeError(
            f"The robot cannot listen on port {service.port}: {error.strerror}. Choose another with --port."
        ) from None
    except UnicodeError:
        raise ServeError(
            f"The robot cannot listen on {service.host}: it is not the name of a host. Choose another with --host."
        ) from None
    log.info("listening on port %d", app_runner.addresses[0][1])


async def _work_until_stopped(server: RobotServer) -> None:
    stop = stop_at_signals()
    server.resume()
    await stop.wait()
    log.info("stopping after the work in progress. A second signal stops at once")
    await server.stop()
