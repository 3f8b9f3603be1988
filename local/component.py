"""A component of the stack: one process, such as an emulator or the Functions host."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.errors import StackError

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 5.0
_TAIL_LINES = 15
_CHUNK = 65536


class Component:
    """A running component. Its stdin is a pipe from this process. It exits when the pipe closes, even by our death."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path, lock: int | None = None
    ) -> "Component":
        """Start the process with its log in the folder `logs`. Raises StackError.

        If `lock` is given, the lock of this file lasts as long as the process.
        """
        log = logs / f"{name}.log"
        log.write_bytes(b"")
        with log.open("ab") as stderr:
            try:
                # In its own session, so that Ctrl-C in the terminal reaches only this process, which stops the
                # components in order.
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    env=environment,
                    start_new_session=True,
                    pass_fds=() if lock is None else (lock,),
                )
            except OSError as error:
                raise StackError(f"{name} cannot be started: {error}.") from error
        return cls(name, process, log)

    async def wait_until_ready(self) -> dict[str, Any]:
        """Wait for the message that it is ready, and return it. It has the ports. Raises StackError."""
        try:
            message = await asyncio.wait_for(self._read_start_message(), _START_TIMEOUT_S)
        except TimeoutError:
            raise StackError(f"{self.name} did not start within {_START_TIMEOUT_S:g} s. Its log: {self.log}") from None
        if message.get("ready"):
            return message
        if "in use" in message.get("error", ""):
            raise StackError(
                f"{self.name} cannot start: {message['error']}. "
                "Stop the other program (is another stack running?), or use free ports: make up ARGS=--free-ports"
            )
        if message.get("unreadableData"):
            raise StackError(
                f"The data on the disk cannot be read: {message['error']}. Start without it with "
                "`make up ARGS=--fresh`, or delete it with `make reset`."
            )
        raise StackError(f"{self.name} did not start. {message.get('error', '')}\n{self.read_log_tail()}")

    async def wait(self) -> None:
        """Wait until the process ends. Its further output goes to its log, because a full pipe would block it.

        Whole lines are written, because the process also writes to the log itself.
        """
        rest = b""
        with self.log.open("ab", buffering=0) as log:
            while chunk := await self._stdout.read(_CHUNK):
                lines, newline, rest = (rest + chunk).rpartition(b"\n")
                if len(rest) > _CHUNK:
                    # A very long line is cut.
                    lines, newline, rest = lines + newline, rest, b""
                log.write(lines + newline)
            log.write(rest)
        await self.process.wait()

    def read_log_tail(self) -> str:
        """Return the last lines of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *(f"    {line}" for line in lines)])

    async def stop(self) -> None:
        """Terminate the process, and kill it if it does not end in time."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None  # noqa: S101 - it was started with a pipe
        return self.process.stdout

    async def _read_start_message(self) -> dict[str, Any]:
        """Return the JSON line with the result of the start. Other lines, from an app that prints, go to the log."""
        with self.log.open("ab", buffering=0) as log:
            async for line in self._stdout:
                with contextlib.suppress(ValueError):
                    message = json.loads(line)
                    if isinstance(message, dict) and message.keys() & {"ready", "error"}:
                        return message
                log.write(line)
        return {}
