"""A local stack under test: started as a user starts it, with a view of all its processes."""

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
TIMEOUT_S = 120.0
COMMAND = (sys.executable, "-m", "local.up")


@dataclass(frozen=True, slots=True)
class Process:
    """A running process."""

    pid: int
    parent: int
    command: str


def list_processes() -> list[Process]:
    """Return the running processes of this machine, without zombies."""
    if Path("/proc/self/stat").exists():
        return list(_read_proc())
    listed = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid=,stat=,command="], text=True)  # noqa: S607 - any ps works
    rows = (line.split(None, 3) for line in listed.splitlines())
    return [Process(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) > 3 and row[2][0] != "Z"]


def _read_proc() -> Iterator[Process]:
    for folder in Path("/proc").glob("[0-9]*"):
        # The process may end meanwhile.
        with suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield Process(int(folder.name), int(parent), command)


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Wait until the condition is true. Fails after the timeout."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {timeout_s:g} s"
        time.sleep(0.02)


class RunningStack:
    """One run of the stack in a folder. `pid` is the stack's process, which may be a child of the started process."""

    def __init__(self, started: "subprocess.Popen[bytes]", folder: Path, output: Path) -> None:
        self.started = started
        self.pid = started.pid
        self.folder = folder
        self.ready = folder / "stack.json"
        self._output = output
        self._seen: set[int] = set()

    def read_output(self) -> str:
        """Return the output so far."""
        return self._output.read_text(errors="replace")

    def find_components(self) -> dict[str, Process]:
        """Return the running processes of the components, by name."""
        found = {}
        for child in (process for process in list_processes() if process.parent == self.pid):
            name = re.search(r"(\w+)\.js |local\.(host|issuer) ", child.command)
            found[next(filter(None, name.groups())) if name else child.command] = child
        self._seen |= {child.pid for child in found.values()}
        return found

    def wait_until_up(self) -> dict[str, str]:
        """Wait until the stack is ready. Return the addresses of its components."""
        wait_until(lambda: self.ready.exists() or self.started.poll() is not None, "stack.json")
        assert self.ready.exists(), self.read_output()
        self.find_components()
        addresses = json.loads(self.ready.read_text())
        return {name: address for name, address in addresses.items() if name != "tokens"}

    def read_settings(self) -> dict[str, str]:
        """Return the app settings that the stack wrote."""
        values: dict[str, str] = json.loads((self.folder / "local.settings.json").read_text())["Values"]
        return values

    def find_ports(self) -> set[int]:
        """Return the ports that clients of the stack use."""
        addresses = [*self.wait_until_up().values(), self.read_settings()["DATA_STORAGE"]]
        return {int(port) for address in addresses for port in re.findall(r"127\.0\.0\.1:(\d+)", address)}

    def wait(self) -> int:
        """Wait until the started process ends. Return its exit code."""
        return self.started.wait(TIMEOUT_S)

    def assert_nothing_left(self, ports: set[int]) -> None:
        """Wait until every process that was seen has ended and no port is in use. Fails if one remains."""
        wait_until(
            lambda: not self._seen & {process.pid for process in list_processes()},
            f"end of the processes {self._seen}",
            15,
        )
        # A process counts as ended when its main thread has ended. Its sockets close with its last thread.
        wait_until(lambda: not [port for port in ports if _is_listening(port)], f"end of listening on {ports}", 5)

    def kill_at_once(self) -> None:
        """Kill every process. None of them can notice that another one was killed."""
        processes = [self.pid, *self._seen]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in processes:
                os.kill(pid, number)
        self.started.wait()

    def kill(self) -> None:
        """Kill every process that may be left."""
        self.find_components()
        if self.started.stdin:
            self.started.stdin.close()
        for pid in {self.started.pid, self.pid, *self._seen} & _list_ids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.started.wait()


@contextmanager
def started_stack(
    folder: Path,
    *options: object,
    command: tuple[str, ...] = COMMAND,
    stdin: int = subprocess.PIPE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[RunningStack]:
    """Start a stack on free ports in this folder, and kill it when the test ends."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / f"up-{time.monotonic_ns()}.log"
    arguments = [*command, "--dir", str(folder), "--free-ports", *map(str, options)]
    with output.open("wb") as log:
        started = subprocess.Popen(  # noqa: S603 - we build the arguments
            arguments, cwd=ROOT, stdin=stdin, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
    run = RunningStack(started, folder, output)
    try:
        yield run
    finally:
        run.kill()


def _list_ids() -> set[int]:
    return {process.pid for process in list_processes()}


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
