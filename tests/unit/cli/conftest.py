from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.cli.main import run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without profiles and without a stack, in which the command runs."""
    monkeypatch.setenv("EXCHANGE_CONFIG", str(tmp_path / "config"))
    for name in ("EXCHANGE_PROFILE", "EXCHANGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command, and returns its exit code and what it printed."""

    def run_command(*arguments: object) -> tuple[int, str, str]:
        code = run([str(item) for item in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run_command
