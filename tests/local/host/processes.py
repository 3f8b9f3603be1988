"""Processes that tests start. Each prints a line of JSON after its start, and is killed when the test ends."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.paths import ROOT

TIMEOUT_S = 90.0


class Process:
    """A process that has printed its first line."""

    def __init__(self, process: "subprocess.Popen[bytes]", message: dict[str, Any], log: Path) -> None:
        self.process = process
        self.message = message
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def wait(self) -> int:
        """Wait until the process ends. Return its exit code."""
        return self.process.wait(TIMEOUT_S)

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@contextmanager
def started(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    with log.open("ab") as stderr:
        process = subprocess.Popen(  # noqa: S603 - we build the arguments
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield Process(process, _read_message(process, log), log)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _read_message(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, log.read_text(errors="replace")
    message: dict[str, Any] = json.loads(line)
    return message


def wait_until(condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """Wait until the condition returns a true value, and return the value. Fails after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"the condition was not met within {timeout_s:g} s"
        time.sleep(0.02)
    return found
