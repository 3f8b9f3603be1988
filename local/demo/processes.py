"""The processes of the demo: the local stack and the robots. They stop with the demo, even if it is killed."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from exchange.contract.robots import ProvisionedRobot
from local.demo.errors import DemoError
from local.paths import ROOT

# The first start may have to install the emulators.
_START_TIMEOUT_S = 180.0
_POLL_S = 0.1
_STOP_TIMEOUT_S = 15.0


class Child:
    """A process that runs a module of this project. Its output goes to a log file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def wait_until(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `ready` returns True. Raises DemoError with the log if the process ends or takes too long."""
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while not await ready():
                    if self._process.returncode is not None:
                        raise DemoError(f"A process ended during its start:\n{self._read_log()}")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise DemoError(f"A process was not ready after {_START_TIMEOUT_S:g} s:\n{self._read_log()}") from None

    async def stop(self) -> None:
        """Terminate the process, and kill it if it does not end in time."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _read_log(self) -> str:
        return self._log.read_text(errors="replace").strip()


@contextlib.asynccontextmanager
async def running_child(log: Path, module: str, *arguments: str, **environment: str) -> AsyncIterator[Child]:
    """Run a module until the context ends. Its stdin is a pipe from this process, and closes if this process dies."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment},
            # In its own session, so that Ctrl-C in the terminal reaches only this process, which then stops the child.
            start_new_session=True,
        )
    child = Child(process, log)
    try:
        yield child
    finally:
        await child.stop()


@contextlib.asynccontextmanager
async def running_stack(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Run the local stack on free ports. Yields the address of each component, and `tokens` by role."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else is waiting
    stack_file = folder / "stack.json"
    stack_file.unlink(missing_ok=True)

    async def ready() -> bool:
        return stack_file.exists()

    async with running_child(
        folder / "up.log", "local.up", "--free-ports", "--exit-with-stdin", "--dir", str(folder)
    ) as up:
        await up.wait_until(ready)
        yield json.loads(stack_file.read_text())


def find_free_address() -> str:
    """Return an address on this machine at which a robot can listen later."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextlib.asynccontextmanager
async def running_robot(
    module: str, robot: ProvisionedRobot, api: str, log: Path, session: aiohttp.ClientSession
) -> AsyncIterator[None]:
    """Run a sample robot at its registered address, with its id and secret. What it caches goes beside its log."""
    url = robot.base_url

    async def ready() -> bool:
        try:
            async with session.get(f"{url}/health") as response:
                return response.ok
        except aiohttp.ClientError:
            return False

    credentials = {"ROBOT_ID": str(robot.id), "ROBOT_SECRET": robot.client_secret}
    environment = {**credentials, "XDG_CACHE_HOME": str(log.parent / "cache")}
    arguments = (module, "--port", url.rpartition(":")[2], "--api", api)
    async with running_child(log, "local.demo.exit_with_stdin", *arguments, **environment) as process:
        await process.wait_until(ready)
        yield
