"""A stand-in for Azure: programs named `az` and `func`, the state that they keep in files, and their calls."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.__main__ import main
from infra.deploy.timeouts import Timeouts
from tests.infra.deploy import stand_ins

SHORT = Timeouts(roles_s=0.4, directory_s=0.4, functions_s=0.4, health_s=10.0, batch_s=10.0, pause_s=0.05)
PERSON = {"name": "ada@example.org", "type": "user"}
EMPTY: dict[str, Any] = {
    "account": PERSON,
    "az_version": "2.77.0",
    "bicep_version": "0.38.5",
    "func_version": "4.2.2",
    "subscription": "Succeeded",
    "groups": {},
    "vaults": [],
    "deleted_vaults": [],
    "secrets": {},
    "deleted_secrets": {},
    "deployments": [],
    "parameters": {},
    "published": False,
    "apps": [],
    "principals": [],
    "assignments": [],
    "refreshes": [],
    "budgets": [],
    "restarts": 0,
}


@dataclass(frozen=True, slots=True)
class Completed:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


class Cloud:
    """Runs the commands in this process. The tools run as processes."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str], api: str, token: str) -> None:
        self.folder = folder
        self._capfd = capfd
        self.tools = folder / "bin"
        self.tools.mkdir()
        for name in ("az", "func"):
            self._install(name)
        self.environment = {"PATH": str(self.tools), "STAND_IN_STATE": str(folder)}
        (folder / "calls.jsonl").touch()
        (folder / "faults.json").write_text("[]")
        (folder / "cloud.json").write_text(json.dumps({**EMPTY, "api": api, "token": token}))

    def _install(self, name: str) -> None:
        """Put a stand-in on the PATH. It starts without site-packages, so that it starts quickly."""
        source = Path(stand_ins.__file__).with_name(f"{name}.py").read_text()
        tool = self.tools / name
        tool.write_text(f"#!{sys.executable} -IS\n{source}")
        tool.chmod(0o755)

    def run(self, command: str, timeouts: Timeouts = SHORT, environment: str = "dev", **variables: str) -> Completed:
        """Run one of the commands."""
        self._capfd.readouterr()
        code = main([command, *environment.split()], {**self.environment, **variables}, timeouts)
        return Completed(code, *self._capfd.readouterr())

    def deploy(self, timeouts: Timeouts = SHORT, **variables: str) -> Completed:
        """Run deploy with YES=1."""
        return self.run("deploy", timeouts, YES="1", LOCATION="northeurope", **variables)

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of all calls of the tools."""
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    @property
    def commands(self) -> list[str]:
        """The calls without their options."""
        return [command_of(call) for call in self.calls]

    def forget_calls(self) -> None:
        (self.folder / "calls.jsonl").write_text("")

    def call(self, command: str) -> list[str]:
        """Return the only call of this command."""
        (found,) = (call for call in self.calls if command_of(call) == command)
        return found

    @property
    def state(self) -> dict[str, Any]:
        """The state of this Azure."""
        state: dict[str, Any] = json.loads((self.folder / "cloud.json").read_text())
        return state

    def change(self, **changes: Any) -> None:
        (self.folder / "cloud.json").write_text(json.dumps({**self.state, **changes}))

    def fail(self, command: str, stderr: str = "broken on purpose", times: int = -1) -> None:
        """Make a command fail, always or this many times."""
        (self.folder / "faults.json").write_text(
            json.dumps([{"words": command.split(), "stderr": stderr, "times": times}])
        )

    def repair(self) -> None:
        (self.folder / "faults.json").write_text("[]")


def command_of(call: list[str]) -> str:
    """Return the words of a call before its first option."""
    words = [*call, "--"]
    return " ".join(words[: next(n for n, word in enumerate(words) if word.startswith("--"))])


def option(call: list[str], name: str) -> list[str]:
    """Return every value of an option in a call."""
    values = []
    for number, word in enumerate(call):
        if word == name:
            values.append(call[number + 1])
    return values
