"""What keeps the stack from running is said in a sentence, and nothing is left of the attempt."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from local.paths import NODE, ROOT
from local.problem import StackError
from local.stack import DEFAULT_PORTS, Options, Stack
from tests.local.supervised import COMMAND, supervised


@pytest.fixture
def environment() -> Iterator[None]:
    # The stack makes this process a client of its own: afterwards it is none.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def refusal(folder: Path, *options: object) -> str:
    """Return what a supervisor says that doesn't start."""
    with supervised(folder, *options, stdin=subprocess.DEVNULL) as run:
        assert run.ended() == 1, run.said()
        run.nothing_left(set())
        assert not run.parts()
        return run.said()


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("wanted", "part"),
    [("api", "host"), ("blob", "azurite"), ("queue", "azurite"), ("cosmos", "cosmos"), ("servicebus", "servicebus")],
)
async def test_a_taken_port_is_named_with_who_wants_it(tmp_path: Path, taken: int, wanted: str, part: str) -> None:
    (tmp_path / "function_app.py").write_text("import azure.functions as func\n\napp = func.FunctionApp()\n")
    ports = {**dict.fromkeys(DEFAULT_PORTS, 0), wanted: taken}
    app, host_json = tmp_path / "function_app.py", ROOT / "host.json"
    stack = Stack(Options(folder=tmp_path, node=NODE, ports=ports, app=app, host_json=host_json))
    try:
        with pytest.raises(StackError, match=rf"^{part} can't start: port {taken} is taken\. .*ARGS=--free-ports$"):
            await stack.start()
    finally:
        await stack.end()
    assert not stack.file.exists()


def test_usual_ports_that_are_taken_end_it_in_a_sentence(tmp_path: Path) -> None:
    with ExitStack() as held:
        for port in DEFAULT_PORTS.values():
            # One that is in use already, by a program that is not ours, is as good.
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        done = subprocess.run(  # noqa: S603 - arguments are ours
            [*COMMAND, "--dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    sentence = r"\w+ can't start: port (10000|10001|8081|5672) is taken\. Stop the other program .* ARGS=--free-ports\n"
    assert re.fullmatch(sentence, done.stderr)


def test_a_second_stack_in_the_folder_is_refused(tmp_path: Path) -> None:
    with supervised(tmp_path, "--emulators-only") as first:
        before = first.up()
        said = refusal(tmp_path, "--emulators-only")
        assert said == f"A stack is running in {tmp_path} already: use it, or stop it first.\n"
        assert first.up() == before
        assert first.started.poll() is None


def test_a_missing_node_says_how_to_install_it(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--node", tmp_path / "node")
    assert said == f"There is no Node at {tmp_path / 'node'}. Install it with: make install\n"


def test_a_node_that_does_not_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("no program")
    said = refusal(tmp_path, "--node", tmp_path / "node")
    assert said.startswith("azurite can't be started: ")
    assert str(tmp_path / "node") in said
    assert "Traceback" not in said


def test_an_app_that_does_not_load_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise RuntimeError('no such luck')\n")
    said = refusal(tmp_path, "--app", tmp_path / "app.py")
    assert "\nhost did not start" in said
    assert "no such luck" in said


def test_a_lifeline_without_a_pipe_is_refused(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--emulators-only", "--lifeline")
    assert said == "--lifeline needs a pipe at stdin: the stack ends when it does.\n"


def test_a_setting_without_a_value_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - arguments are ours
        [*COMMAND, "--dir", str(tmp_path), "--set", "NAME"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "'NAME' is not of the form NAME=VALUE" in done.stderr
