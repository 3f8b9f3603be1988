"""The parts of the stack as processes: each says when it is ready, and ends with us."""

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local.problem import StackError

_READY_S = 60.0
_END_S = 5.0
_TAIL_LINES = 15
_CHUNK = 65536


class Part:
    """One process of the stack. It holds a pipe to its stdin: when we die, however, it ends."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @classmethod
    async def start(cls, name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path) -> "Part":
        """Start the process; what it logs goes to a file of its own."""
        log = logs / f"{name}.log"
        log.write_bytes(b"")
        with log.open("ab") as stderr:
            try:
                # In a session of its own: a terminal's Ctrl-C is for us, and we end the parts in order.
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=stderr,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{name} can't be started: {error}.") from error
        return cls(name, process, log)

    async def ready(self) -> dict[str, Any]:
        """Wait until it says where it listens, and return that. Raises StackError in a sentence if it doesn't."""
        try:
            said = await asyncio.wait_for(self._first_words(), _READY_S)
        except TimeoutError:
            raise StackError(f"{self.name} did not answer within {_READY_S:g} s; its log is {self.log}.") from None
        if said.get("ready"):
            return said
        if "taken" in said.get("error", ""):
            raise StackError(
                f"{self.name} can't start: {said['error']}. "
                "Stop the other program (is another stack running?), or type: make up ARGS=--free-ports"
            )
        raise StackError(f"{self.name} did not start. {said.get('error', '')}\n{self.tail()}")

    async def over(self) -> None:
        """Wait until it ends; what it still prints goes to its log, as a full pipe would hold it up.

        By whole lines, for what it logs itself goes to the same file: neither is to end up inside the other.
        """
        rest = b""
        with self.log.open("ab", buffering=0) as log:
            while chunk := await self._stdout.read(_CHUNK):
                ended, newline, rest = (rest + chunk).rpartition(b"\n")
                if len(rest) > _CHUNK:
                    # A line without an end has to be cut somewhere.
                    ended, newline, rest = ended + newline, rest, b""
                log.write(ended + newline)
            log.write(rest)
        await self.process.wait()

    def tail(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join([f"The end of {self.log}:", *(f"    {line}" for line in lines)])

    async def end(self) -> None:
        """End it: first with good words, then without."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), _END_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None  # noqa: S101 - we asked for a pipe
        return self.process.stdout

    async def _first_words(self) -> dict[str, Any]:
        """Return the line of JSON that says how the start went; others, of an app that prints, go to the log."""
        with self.log.open("ab", buffering=0) as log:
            async for line in self._stdout:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if isinstance(said, dict) and said.keys() & {"ready", "error"}:
                        return said
                log.write(line)
        return {}
