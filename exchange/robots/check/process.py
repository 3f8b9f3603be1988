"""A robot in a process of its own, with its own state, which the check can stop and kill."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from exchange.robots.exchange import Credentials
from exchange.robots.options import ID, SECRET

# In the command of a robot, what stands for the address of the played exchange.
API = "{api}"

_START_S = 60.0
_CHILD = (sys.executable, "-m", "exchange.robots.check.child")
_LISTENING = re.compile(r"listening on port (\d+)")


class StartError(Exception):
    """The robot did not start. The message has the last line of its log."""


class RobotProcess:
    """A process with a robot. Its id and its secret are in the environment."""

    def __init__(self, command: Sequence[str], credentials: Credentials, folder: Path) -> None:
        self._log = folder / "robot.log"
        self._command = command
        self._credentials = credentials
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process. Raises StartError."""
        secrets = {ID: str(self._credentials.robot_id), SECRET: self._credentials.secret}
        try:
            with self._log.open("wb") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, env={**os.environ, **secrets}, stdout=log, stderr=log
                )
        except OSError as error:
            raise StartError(f"The command {self._command[0]} cannot be run: {error.strerror}.") from None

    def has_ended(self) -> bool:
        """Return whether the process has ended."""
        return self._process is not None and self._process.returncode is not None

    def terminate(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and not self.has_ended():
            self._process.terminate()

    async def kill(self) -> None:
        """Kill the process."""
        if self._process is not None and not self.has_ended():
            self._process.kill()
            await self._process.wait()

    def read_log(self) -> str:
        """Return what the robot has printed."""
        return self._log.read_text(errors="replace")

    def read_last_line(self) -> str:
        """Return the last line that the robot has printed."""
        lines = self.read_log().split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it printed nothing.")


class KitProcess(RobotProcess):
    """A process with the robot `module:robot`, which is called."""

    def __init__(self, name: str, api: str, credentials: Credentials, folder: Path) -> None:
        options = ("--port", "0", "--api", api, "--state", str(folder / "state"))
        super().__init__((*_CHILD, name, *options), credentials, folder)
        self.url = ""

    async def restart(self) -> None:
        """Start the process, and wait until it listens. Raises StartError."""
        await self.start()
        try:
            async with asyncio.timeout(_START_S):
                while not (listening := _LISTENING.search(self.read_log())):
                    if self.has_ended():
                        raise StartError(f"The robot did not start: {self.read_last_line()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise StartError(f"The robot did not listen within {_START_S:g} s: {self.read_last_line()}") from None
        self.url = f"http://127.0.0.1:{listening[1]}"


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


def make_pull_command(name: str) -> list[str]:
    """Return the command of the robot `module:robot`, which fetches its jobs. `API` is the address to be filled in.

    Its lease is short, so that a check sees how it is renewed.
    """
    return [*_CHILD, name, "--pull", "--api", API, "--lease", "3", "--limit", "10000"]


@asynccontextmanager
async def start_command(command: Sequence[str], api: str, credentials: Credentials) -> AsyncIterator[RobotProcess]:
    """Run a command that has `API` in place of the address, until the context ends. Raises StartError."""
    with tempfile.TemporaryDirectory(prefix="exchange-check-") as folder:
        process = RobotProcess([word.replace(API, api) for word in command], credentials, Path(folder))
        try:
            await process.start()
            yield process
        finally:
            await process.kill()
