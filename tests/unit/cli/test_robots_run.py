"""`exchange robots run` without an exchange."""

import json
import logging
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from exchange.cli.exits import Exit
from tests.stacks import ROOT
from tests.unit.cli.conftest import Run

ROBOT = "samples.robot.robot:robot"
SAVED = {"id": str(uuid4()), "client_secret": "a secret"}
API = ("--api", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _unchanged_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restore the log and the path of modules, and have no secret in the environment."""
    for name in ("ROBOT_ID", "ROBOT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level, path = list(root.handlers), root.level, list(sys.path)
    yield
    root.handlers[:], root.level = handlers, level
    sys.path[:] = path


@pytest.fixture
def saved(folder: Path) -> Path:
    file = folder / "robot.json"
    file.write_text(json.dumps(SAVED))
    return file


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["absent_module:robot", *API], Exit.FAILED, "There is no module absent_module in this folder"),
        (["samples.robot.robot:Robot", *API], Exit.FAILED, "is not a robot on the kit."),
        ([ROBOT, *API], Exit.USAGE, "Set ROBOT_ID and ROBOT_SECRET in the environment"),
        ([ROBOT, "--api", "localhost"], Exit.USAGE, "--api must be a URL that begins with http"),
        ([ROBOT], Exit.NOT_SIGNED_IN, "You are not signed in."),
        ([ROBOT, *API, "--port", "70000"], Exit.USAGE, "--port"),
        ([ROBOT, *API, "--workers", "0"], Exit.USAGE, "--workers"),
        ([ROBOT, *API, "--pull"], Exit.USAGE, "Set ROBOT_ID and ROBOT_SECRET in the environment"),
        ([ROBOT, "--pull", "--limit", "10001"], Exit.USAGE, "--limit"),
        ([ROBOT, "--pull", "--lease", "2"], Exit.USAGE, "--lease"),
        ([ROBOT, *API, "--credentials", "missing.json"], Exit.FAILED, "missing.json cannot be used: No such file"),
        ([ROBOT, "--try", "missing.jsonl"], Exit.FAILED, "missing.jsonl cannot be read: No such file"),
        (["small:robot", "--try", "missing.jsonl"], Exit.FAILED, "The robot cannot run: the robot has no function"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_one_sentence(command: Run, folder: Path, words: list[str], code: Exit, text: str) -> None:
    (folder / "small.py").write_text("from exchange.robots import Robot\nrobot = Robot('small')\n")
    ended, out, err = command("robots", "run", *words)
    assert (ended, out, err.count("\n")) == (code, "", 1)
    assert text in err


@pytest.mark.parametrize("content", ["", "[]", '{"id": "1"}', '{"id": "11111111-1111-4111-8111-111111111111"}'])
def test_a_file_without_a_secret_is_named(command: Run, saved: Path, content: str) -> None:
    saved.write_text(content)
    code, _, err = command("robots", "run", ROBOT, *API, "--credentials", saved)
    assert code == Exit.USAGE
    assert "robot.json is not a file that `exchange robots register --credentials` wrote." in err


def test_a_port_in_use_is_one_sentence(command: Run, saved: Path, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ("--credentials", saved, "--port", port, "--state", folder / "state")
        code, _, err = command("robots", "run", ROBOT, *API, *options)
    assert code == Exit.FAILED
    assert re.fullmatch(rf"exchange: The robot cannot listen on port {port}: .*\. Choose another with --port\.\n", err)
    assert SAVED["client_secret"] not in err


def test_a_function_is_tried_on_a_file() -> None:
    words = ("-m", "exchange.cli", "robots", "run", ROBOT, "--try", "samples/references.jsonl")
    done = subprocess.run([sys.executable, *words], capture_output=True, cwd=ROOT, check=True)  # noqa: S603 - our own command
    assert len(done.stdout.splitlines()) == 500
