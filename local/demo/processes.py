"""The demo's processes: the stack and the robots. They end with it, however it ends."""

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

from local.demo.requestor import DemoError, Json
from local.paths import ROOT

# The first start may have to install the emulators.
_PATIENCE_S = 180.0
_PAUSE_S = 0.1
_END_S = 15.0


class Child:
    """A process that runs a module of this project; what it says goes to a log file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def until(self, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait until it is ready. Raises DemoError, with what it said, if it ends before or takes too long."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while not await ready():
                    if self._process.returncode is not None:
                        raise DemoError(f"A process ended instead of starting:\n{self._said()}")
                    await asyncio.sleep(_PAUSE_S)
        except TimeoutError:
            raise DemoError(f"A process was not ready after {_PATIENCE_S:g} s:\n{self._said()}") from None

    async def end(self) -> None:
        """End it: first with good words, then without."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _END_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _said(self) -> str:
        return self._log.read_text(errors="replace").strip()


@contextlib.asynccontextmanager
async def child(log: Path, module: str, *arguments: str, **environment: str) -> AsyncIterator[Child]:
    """Run a module, and end it at the end. It holds a pipe from us as its stdin: it ends when we die, too."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment},
            # In a session of its own: a terminal's Ctrl-C is for us, and we end it.
            start_new_session=True,
        )
    running = Child(process, log)
    try:
        yield running
    finally:
        await running.end()


@contextlib.asynccontextmanager
async def stack(folder: Path) -> AsyncIterator[dict[str, Any]]:
    """Run the local stack on free ports; give where its parts are, and the `tokens` by their roles."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else is waiting
    where = folder / "stack.json"
    where.unlink(missing_ok=True)

    async def ready() -> bool:
        return where.exists()

    async with child(folder / "up.log", "local.up", "--free-ports", "--lifeline", "--dir", str(folder)) as running:
        await running.until(ready)
        yield json.loads(where.read_text())


def free_address() -> str:
    """Find an address on this machine for a robot that is still to be registered and started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextlib.asynccontextmanager
async def robot(
    module: str, provisioned: Json, api: str, log: Path, session: aiohttp.ClientSession
) -> AsyncIterator[None]:
    """Run a sample robot as it was registered, with the secret that it was given."""
    url = provisioned["base_url"]

    async def ready() -> bool:
        try:
            async with session.get(f"{url}/health") as response:
                return response.ok
        except aiohttp.ClientError:
            return False

    given = {"ROBOT_ID": provisioned["id"], "ROBOT_SECRET": provisioned["client_secret"]}
    arguments = (module, "--port", url.rpartition(":")[2], "--api", api)
    async with child(log, "local.demo.leashed", *arguments, **given) as running:
        await running.until(ready)
        yield
