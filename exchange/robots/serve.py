"""The process of a robot that serves: its connections, its state folder, and how it stops."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from exchange.robots.exchange import Credentials, Exchange
from exchange.robots.functions import Judge
from exchange.robots.jobs import JobStore
from exchange.robots.retries import TIMEOUT, Backoff, Http
from exchange.robots.server import RobotServer
from exchange.robots.signals import stop_at_signals
from exchange.robots.work import JobRunner

log = logging.getLogger("robot")


class ServeError(Exception):
    """The robot cannot serve. The message says why and what to do."""


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
            with _locked(service.folder):
                await _work_until_stopped(server)
        finally:
            await app_runner.cleanup()
    log.info("stopped")


def _open_store(folder: Path) -> JobStore:
    try:
        return JobStore(folder)
    except OSError as error:
        raise explain_folder(folder, error) from None


def explain_folder(folder: Path, error: OSError) -> ServeError:
    """Return the error about a state folder that cannot be used."""
    return ServeError(f"The state folder {folder} cannot be used: {error.strerror}. Choose another with --state.")


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


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the state folder. The system releases it when the process ends in any way."""
    try:
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise explain_folder(folder, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServeError(
                f"Another process of this robot uses the folder {folder}. Stop it, or choose another with --state."
            ) from None
        except OSError as error:
            raise explain_folder(folder, error) from None
        yield
    finally:
        os.close(lock)
