"""Runs `az` and `func` without a shell."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.deploy.errors import DeployError

ROOT = Path(__file__).parents[2]
_TAIL_LINES = 12


class ToolError(Exception):
    """A tool failed. `stderr` is its error output."""

    def __init__(self, stderr: str) -> None:
        super().__init__(stderr)
        self.stderr = stderr

    @property
    def tail(self) -> str:
        """The last lines of the error output."""
        return "\n".join([line for line in self.stderr.splitlines() if line.strip()][-_TAIL_LINES:])


class Tools:
    """Runs the tools on the PATH of this environment, in the project's folder and without input."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def has(self, name: str) -> bool:
        """Return whether the tool is installed."""
        return self._find(name) is not None

    def az(self, *arguments: str) -> Any:
        """Run az. Return its JSON output, or None if there is no output. Raises ToolError."""
        output = self.read("az", *arguments, "--output", "json")
        try:
            return json.loads(output) if output.strip() else None
        except ValueError:
            raise ToolError(f"az {' '.join(arguments[:3])} printed something that is not JSON") from None

    def read(self, name: str, *arguments: str) -> str:
        """Run a tool and return its output. Raises ToolError."""
        return self._run(name, arguments, stdout=subprocess.PIPE).stdout

    def show(self, name: str, *arguments: str) -> None:
        """Run a tool and let it print to the terminal. Raises ToolError."""
        self._run(name, arguments, stdout=None)

    def _run(self, name: str, arguments: tuple[str, ...], stdout: int | None) -> subprocess.CompletedProcess[str]:
        try:
            completed = subprocess.run(
                [self._find(name) or name, *arguments],
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
            raise ToolError(f"{name} cannot be started: {error.strerror}") from None
        if completed.returncode != 0:
            raise ToolError(completed.stderr or f"{name} failed with exit code {completed.returncode}")
        return completed

    def _find(self, name: str) -> str | None:
        return shutil.which(name, path=self._environment.get("PATH", ""))


def read_text(output: Any, *path: str) -> str:
    """Return the string at this path of a tool's JSON output. Raises DeployError if it is missing."""
    for name in path:
        output = output.get(name) if isinstance(output, dict) else None
    if not isinstance(output, str) or not output:
        raise DeployError(f"The output of az has no '{'.'.join(path)}'. This version of az may not be supported.")
    return output
