"""Processes that tests start: each says in a line of JSON that it is ready, and is ended however the test ends."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.paths import ROOT

PATIENCE_S = 30.0


class Process:
    """A process that has said its first line."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: dict[str, Any], log: Path) -> None:
        self.process = process
        self.said = said
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ended(self) -> int:
        """Wait for its end; return the exit code."""
        return self.process.wait(PATIENCE_S)

    def close_stdin(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()


@contextmanager
def started(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    with log.open("ab") as stderr:
        process = subprocess.Popen(  # noqa: S603 - arguments are ours
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield Process(process, _first_line(process, log), log)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def _first_line(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, log.read_text(errors="replace")
    said: dict[str, Any] = json.loads(line)
    return said


def until(condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Wait until it is true, and return what it says; fail if that takes too long."""
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.02)
    return found
