"""`az` and `func`, run as a person would, and never through a shell."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.deploy.problem import DeployError

ROOT = Path(__file__).parents[2]
_TAIL_LINES = 12


class ToolError(Exception):
    """A tool ended with an error; `words` is what it said on stderr."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words

    @property
    def tail(self) -> str:
        """Its last lines."""
        return "\n".join([line for line in self.words.splitlines() if line.strip()][-_TAIL_LINES:])


class Tools:
    """Runs the tools that are on the PATH of this environment, in the project's folder, with nothing to ask."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def has(self, name: str) -> bool:
        """Whether the tool is there."""
        return self._where(name) is not None

    def az(self, *arguments: str) -> Any:
        """Run az; return its JSON, None if it printed nothing. Raises ToolError."""
        printed = self.read("az", *arguments, "--output", "json")
        try:
            return json.loads(printed) if printed.strip() else None
        except ValueError:
            raise ToolError(f"az {' '.join(arguments[:3])} printed something that is not JSON") from None

    def read(self, name: str, *arguments: str) -> str:
        """Run a tool; return what it printed. Raises ToolError."""
        return self._run(name, arguments, stdout=subprocess.PIPE).stdout

    def show(self, name: str, *arguments: str) -> None:
        """Run a tool whose output is for the person to see. Raises ToolError."""
        self._run(name, arguments, stdout=None)

    def _run(self, name: str, arguments: tuple[str, ...], stdout: int | None) -> subprocess.CompletedProcess[str]:
        try:
            ended = subprocess.run(
                [self._where(name) or name, *arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise ToolError(f"{name} can't be run: {error.strerror}") from None
        if ended.returncode != 0:
            raise ToolError(ended.stderr or f"{name} ended with exit code {ended.returncode}")
        return ended

    def _where(self, name: str) -> str | None:
        return shutil.which(name, path=self._environment.get("PATH", ""))


def text(answer: Any, *path: str) -> str:
    """Take a text out of a tool's answer; raises DeployError if it is not where it should be."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(answer, str) or not answer:
        raise DeployError(f"az answered without '{'.'.join(path)}': its version may be another than this was made for.")
    return answer
