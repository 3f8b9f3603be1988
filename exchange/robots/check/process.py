"""A robot on the kit in a process of its own, with its own state, which the check can kill."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from exchange.robots.command import ID, SECRET
from exchange.robots.exchange import Credentials

_START_S = 60.0
_LISTENING = re.compile(r"listening on port (\d+)")


class StartError(Exception):
    """The robot did not start. The message has the last line of its log."""


class KitProcess:
    """A process with the robot `module:robot`."""

    def __init__(self, name: str, api: str, credentials: Credentials, folder: Path) -> None:
        self.url = ""
        self._log = folder / "robot.log"
        self._credentials = credentials
        state = str(folder / "state")
        self._command = ["-m", "exchange.robots.check.child", name, "--port", "0", "--api", api, "--state", state]
        self._process: asyncio.subprocess.Process | None = None

    async def restart(self) -> None:
        """Start the process. Raises StartError."""
        secrets = {ID: str(self._credentials.robot_id), SECRET: self._credentials.secret}
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command, env={**os.environ, **secrets}, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(_START_S):
                while not (listening := _LISTENING.search(self._read_log())):
                    if self._process.returncode is not None:
                        raise StartError(f"The robot did not start: {self._read_last_line()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise StartError(f"The robot did not listen within {_START_S:g} s: {self._read_last_line()}") from None
        self.url = f"http://127.0.0.1:{listening[1]}"

    async def kill(self) -> None:
        """Kill the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def _read_log(self) -> str:
        return self._log.read_text(errors="replace")

    def _read_last_line(self) -> str:
        lines = self._read_log().split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it printed nothing.")


@asynccontextmanager
async def start_kit(name: str, api: str, credentials: Credentials) -> AsyncIterator[KitProcess]:
    """Run the robot until the context ends. Raises StartError."""
    with tempfile.TemporaryDirectory(prefix="exchange-check-") as folder:
        process = KitProcess(name, api, credentials, Path(folder))
        try:
            await process.restart()
            yield process
        finally:
            await process.kill()
