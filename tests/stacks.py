"""The local stack for tests. It is started as a user starts it, but on free ports and in its own folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: the addresses of its parts, tokens by role, the app settings, and the folder of its logs."""

    addresses: Mapping[str, str]
    tokens: Mapping[str, str]
    settings: Mapping[str, str]
    folder: Path

    @property
    def api(self) -> str:
        """The address of the function app."""
        return self.addresses["api"]

    def log(self, part: str) -> str:
        """Return the log that a part has written so far."""
        return (self.folder / "logs" / f"{part}.log").read_text(errors="replace")


@contextmanager
def running_stack(folder: Path, *options: str, **settings: str) -> Iterator[Stack]:
    """Start `python -m local.up` with these options and settings. Stop it however the test ends.

    If RUNNING_STACK names the folder of a running stack, use that stack. Skip the test if it needs another one.
    """
    if running := os.environ.get("RUNNING_STACK"):
        yield _running(Path(running), options, settings)
        return
    overrides = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "local.up", "--dir", str(folder), "--free-ports", "--exit-with-stdin", *options]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.log").open("wb") as output:
        up = subprocess.Popen(  # noqa: S603 - we build the arguments
            [*command, *overrides], cwd=ROOT, stdin=subprocess.PIPE, stdout=output, stderr=output, env=os.environ.copy()
        )
        try:
            yield _wait(up, folder)
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(30)
            if up.stdin is not None:
                up.stdin.close()


def _running(folder: Path, options: tuple[str, ...], settings: Mapping[str, str]) -> Stack:
    stack = _read(folder)
    if set(options) - {"--emulators-only"} or any(stack.settings.get(name) != settings[name] for name in settings):
        pytest.skip(f"the test needs its own stack, with {[*options, *settings]}")
    return stack


def _wait(up: subprocess.Popen[bytes], folder: Path) -> Stack:
    """Wait until the stack has written its addresses. Raise RuntimeError with its output if it fails."""
    deadline = time.monotonic() + START_TIMEOUT_S
    ready = folder / "stack.json"
    while not ready.exists():
        if up.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the stack did not start:\n{(folder / 'up.log').read_text(errors='replace')}")
        time.sleep(0.05)
    return _read(folder)


def _read(folder: Path) -> Stack:
    values = json.loads((folder / "local.settings.json").read_text())["Values"]
    addresses = json.loads((folder / "stack.json").read_text())
    return Stack(addresses, addresses.pop("tokens"), values, folder)


def read_host_memory(stack: Stack, field: str) -> float:
    """Return the memory of the host in MiB: `VmRSS` is the current value, `VmHWM` the maximum."""
    port = stack.api.rpartition(":")[2]
    for folder in Path("/proc").glob("[0-9]*"):
        command = (folder / "cmdline").read_bytes().split(b"\0") if os.access(folder / "cmdline", os.R_OK) else []
        environment = (folder / "environ").read_bytes() if b"local.host" in command else b""
        if stack.settings["COSMOS_ENDPOINT"].encode() in environment:
            status = (folder / "status").read_text()
            return int(status.partition(f"{field}:")[2].split()[0]) / 1024
    raise AssertionError(f"no host of the stack at port {port} was found")
