"""The supervisor under test: started as a person would, and followed down to its last process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
COMMAND = (sys.executable, "-m", "local.up")


@dataclass(frozen=True, slots=True)
class Process:
    """A live process, by what the system says of it."""

    pid: int
    parent: int
    command: str


def processes() -> list[Process]:
    """Return every process of this machine that has not ended; one that only waits to be buried has."""
    if Path("/proc/self/stat").exists():
        return list(_from_proc())
    listed = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid=,stat=,command="], text=True)  # noqa: S607 - any ps
    rows = (line.split(None, 3) for line in listed.splitlines())
    return [Process(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) > 3 and row[2][0] != "Z"]


def _from_proc() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        # It may end while we look.
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield Process(int(folder.name), int(parent), command)


def eventually(condition: Callable[[], object], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.02)


class Supervised:
    """One run of the supervisor in a folder; `pid` is the supervisor's, which need not be the process we started."""

    def __init__(self, started: "subprocess.Popen[bytes]", folder: Path, output: Path) -> None:
        self.started = started
        self.pid = started.pid
        self.folder = folder
        self.ready = folder / "stack.json"
        self._output = output
        self._seen: set[int] = set()

    def said(self) -> str:
        """Return what it has printed so far."""
        return self._output.read_text(errors="replace")

    def parts(self) -> dict[str, Process]:
        """Return its live child processes by the name of their part."""
        found = {}
        for child in (one for one in processes() if one.parent == self.pid):
            name = re.search(r"(\w+)\.js |local\.(host|issuer) ", child.command)
            found[next(filter(None, name.groups())) if name else child.command] = child
        self._seen |= {child.pid for child in found.values()}
        return found

    def up(self) -> dict[str, str]:
        """Wait until the stack is up; return where its parts are."""
        eventually(lambda: self.ready.exists() or self.started.poll() is not None, "a stack that is up")
        assert self.ready.exists(), self.said()
        self.parts()
        said = json.loads(self.ready.read_text())
        return {name: address for name, address in said.items() if name != "tokens"}

    def settings(self) -> dict[str, str]:
        """Return the app settings that it wrote."""
        values: dict[str, str] = json.loads((self.folder / "local.settings.json").read_text())["Values"]
        return values

    def ports(self) -> set[int]:
        """Return each port that a client of the stack may use."""
        where = [*self.up().values(), self.settings()["DATA_STORAGE"]]
        return {int(port) for text in where for port in re.findall(r"127\.0\.0\.1:(\d+)", text)}

    def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        return self.started.wait(PATIENCE_S)

    def nothing_left(self, ports: set[int]) -> None:
        """Wait until each process that was seen is gone and each port refuses; fail if one stays."""
        eventually(lambda: not self._seen & {one.pid for one in processes()}, f"the end of {self._seen}", 15)
        # A process counts as ended when its main thread has; its sockets go with the last of its threads.
        eventually(lambda: not [port for port in ports if _listening(port)], f"silence at {ports}", 5)

    def kill(self) -> None:
        """Leave nothing behind, whatever the test found."""
        self.parts()
        if self.started.stdin:
            self.started.stdin.close()
        for pid in {self.started.pid, self.pid, *self._seen} & {one.pid for one in processes()}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.started.wait()


@contextmanager
def supervised(
    folder: Path,
    *options: object,
    command: tuple[str, ...] = COMMAND,
    stdin: int = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Supervised]:
    """Run it on free ports in this folder, unless the command says otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"up-{time.monotonic_ns()}.log"
    arguments = [*command, "--dir", str(folder), "--free-ports", *map(str, options)]
    with output.open("wb") as said:
        started = subprocess.Popen(  # noqa: S603 - arguments are ours
            arguments, cwd=ROOT, stdin=stdin, stdout=said, stderr=said, env={**os.environ, **(environment or {})}
        )
    run = Supervised(started, folder, output)
    try:
        yield run
    finally:
        run.kill()


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
