"""Robots on the kit, in this process or in their own, against the fake exchange."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from exchange.robots import Reference, Robot
from exchange.robots.exchange import Credentials, Exchange
from exchange.robots.jobs import JobStore
from exchange.robots.retries import Backoff, Http
from exchange.robots.server import RobotServer
from exchange.robots.work import JobRunner
from tests.samples.fake_exchange import CREDENTIALS, TIMEOUT_S, FakeExchange, serving
from tests.stacks import ROOT

# Long enough for every fault of a test, on a busy machine, too.
FAST = Backoff(first_s=0.001, max_s=0.01, total_s=TIMEOUT_S)
KIT_CREDENTIALS = Credentials(CREDENTIALS.robot_id, CREDENTIALS.secret)


def make_robot(function: Callable[[Reference], Any]) -> Robot:
    """Return a robot with this function of one reference."""
    robot = Robot("kit", version="2", needs=["bibliographic", "abstract"])
    robot.enhance(function)
    return robot


@asynccontextmanager
async def running_kit(
    exchange: FakeExchange, robot: Robot, state: Path | JobStore, workers: int = 1, backoff: Backoff = FAST
) -> AsyncIterator[RobotServer]:
    """Serve a robot in this process. It resumes the jobs in the state folder."""
    judge = robot.make_judge(workers)
    store = state if isinstance(state, JobStore) else JobStore(state)
    try:
        async with aiohttp.ClientSession() as session:
            http = Http(session, backoff)
            client = Exchange(exchange.url, KIT_CREDENTIALS, http)
            server = RobotServer(robot.version, KIT_CREDENTIALS, JobRunner(judge, client, http, store), store)
            async with serving(server.make_app()) as exchange.robot_url:
                server.resume()
                yield server
                await server.stop()
    finally:
        judge.close()


async def deliver(exchange: FakeExchange, robot: Robot, folder: Path, workers: int = 1) -> list[dict[str, Any]]:
    """Have the robot work on the exchange's job. Return its entries."""
    async with running_kit(exchange, robot, folder, workers):
        assert await exchange.send_job() == 202
        assert (await exchange.wait_for_callback())["error"] is None
    return exchange.read_entries()


async def get_health(exchange: FakeExchange) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(f"{exchange.robot_url}/health") as response:
        health: dict[str, Any] = await response.json()
        return health


async def wait_until_idle(exchange: FakeExchange) -> None:
    """Wait until the robot has no open jobs."""
    async with asyncio.timeout(TIMEOUT_S):
        while (await get_health(exchange))["open_jobs"]:  # noqa: ASYNC110 - the robot is asked over HTTP
            await asyncio.sleep(0.01)


class Process:
    """A robot in its own process."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    def read_log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    async def wait_for_log(self, words: str) -> None:
        await wait_until(lambda: words in self._log.read_text())

    async def stop(self, number: signal.Signals) -> int:
        """Send a signal. Return the exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, TIMEOUT_S)


@asynccontextmanager
async def running_process(
    module: str, exchange: FakeExchange, folder: Path, **environment: str
) -> AsyncIterator[Process]:
    """Run a module with a kit robot on a free port, which is `exchange.robot_url`."""
    command = [sys.executable, "-m", module, "--port", "0", "--api", exchange.url, "--state", str(folder / "state")]
    async with running_command(command, folder, "listening on port", **environment) as robot:
        port = next(line["message"] for line in robot.read_log() if "listening" in line["message"]).split()[-1]
        exchange.robot_url = f"http://127.0.0.1:{port}"
        yield robot


@asynccontextmanager
async def running_command(command: list[str], folder: Path, started: str, **environment: str) -> AsyncIterator[Process]:
    """Run a command with a kit robot. `started` is what its log says when it has started."""
    log = folder / "robot.log"
    secrets = {"ROBOT_ID": str(CREDENTIALS.robot_id), "ROBOT_SECRET": CREDENTIALS.secret}
    with log.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - we build the arguments, and starting is quick
            command, cwd=ROOT, env={**os.environ, **secrets, **environment}, stderr=stderr
        )
    robot = Process(process, log)
    try:
        await robot.wait_for_log(started)
        yield robot
    finally:
        process.kill()
        process.wait()


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - it changes outside this process
            await asyncio.sleep(0.02)
