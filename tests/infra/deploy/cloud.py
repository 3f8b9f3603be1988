"""An Azure of files: stand-ins of `az` and `func`, what they made, and how they were called."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.__main__ import main
from infra.deploy.patience import Patience
from tests.infra.deploy import stand_ins

HASTE = Patience(roles_s=0.4, directory_s=0.4, functions_s=0.4, health_s=10.0, batch_s=10.0, pause_s=0.05)
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
    "published": False,
    "apps": [],
    "principals": [],
    "assignments": [],
    "refreshes": [],
    "budgets": [],
    "restarts": 0,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


class Cloud:
    """Where the commands run, in this process; the tools are processes of their own."""

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
        """Put a stand-in on the PATH, as a program that starts without site-packages, so at once."""
        source = Path(stand_ins.__file__).with_name(f"{name}.py").read_text()
        tool = self.tools / name
        tool.write_text(f"#!{sys.executable} -IS\n{source}")
        tool.chmod(0o755)

    def run(self, command: str, patience: Patience = HASTE, environment: str = "dev", **variables: str) -> Ended:
        """Run one of the operator's commands."""
        self._capfd.readouterr()
        code = main([command, *environment.split()], {**self.environment, **variables}, patience)
        return Ended(code, *self._capfd.readouterr())

    def deploy(self, patience: Patience = HASTE, **variables: str) -> Ended:
        """Deploy, having agreed beforehand."""
        return self.run("deploy", patience, YES="1", LOCATION="northeurope", **variables)

    @property
    def calls(self) -> list[list[str]]:
        """All calls of the tools so far."""
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    @property
    def commands(self) -> list[str]:
        """The same, without their options."""
        return [command_of(call) for call in self.calls]

    def forget_calls(self) -> None:
        (self.folder / "calls.jsonl").write_text("")

    def call(self, command: str) -> list[str]:
        """Return the one call of this command."""
        (found,) = (call for call in self.calls if command_of(call) == command)
        return found

    @property
    def state(self) -> dict[str, Any]:
        """What there is in this Azure."""
        state: dict[str, Any] = json.loads((self.folder / "cloud.json").read_text())
        return state

    def change(self, **changes: Any) -> None:
        (self.folder / "cloud.json").write_text(json.dumps({**self.state, **changes}))

    def fail(self, command: str, stderr: str = "broken on purpose", times: int = -1) -> None:
        """Have a command fail: always, or so many times."""
        (self.folder / "faults.json").write_text(
            json.dumps([{"words": command.split(), "stderr": stderr, "times": times}])
        )

    def mend(self) -> None:
        (self.folder / "faults.json").write_text("[]")


def command_of(call: list[str]) -> str:
    """Return a call up to its first option."""
    words = [*call, "--"]
    return " ".join(words[: next(n for n, word in enumerate(words) if word.startswith("--"))])


def option(call: list[str], name: str) -> list[str]:
    """Return the values of an option, each time that it is given."""
    values = []
    for number, word in enumerate(call):
        if word == name:
            values.append(call[number + 1])
    return values
