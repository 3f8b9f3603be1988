"""The Node process that runs the modules of the console."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.paths import NODE, ROOT

SCRIPT = Path(__file__).with_name("serve.mjs")


class CallError(Exception):
    """A module refused the call, with this message."""


class Modules:
    """Calls the modules of the console."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def call(self, name: str, /, **values: Any) -> Any:
        """Return what the call of `serve.mjs` with this name returns. Raises CallError if input is rejected."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"call": name, **values}).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if answer.get("kind") == "InputRejected":
            raise CallError(answer["error"])
        assert "error" not in answer, answer
        return answer["result"]


@contextmanager
def start_modules() -> Iterator[Modules]:
    """Run the modules until the end of the block."""
    with subprocess.Popen([NODE, SCRIPT], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        yield Modules(process)
