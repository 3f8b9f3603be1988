"""A stack that cannot start prints the reason, and leaves no process behind."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from local.errors import StackError
from local.paths import NODE, ROOT
from local.stack import DEFAULT_PORTS, Options, Stack
from tests.local.running_stack import COMMAND, started_stack


@pytest.fixture
def restored_environment() -> Iterator[None]:
    # The stack sets environment variables of this process.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def used_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def read_refusal(folder: Path, *options: object) -> str:
    """Start a stack, which must fail, and return its output."""
    with started_stack(folder, *options, stdin=subprocess.DEVNULL) as run:
        assert run.wait() == 1, run.read_output()
        run.assert_nothing_left(set())
        assert not run.find_components()
        return run.read_output()


@pytest.mark.usefixtures("restored_environment")
@pytest.mark.parametrize(
    ("name", "component"),
    [("api", "host"), ("blob", "azurite"), ("queue", "azurite"), ("cosmos", "cosmos"), ("servicebus", "servicebus")],
)
async def test_a_port_in_use_is_reported_with_the_component(
    tmp_path: Path, used_port: int, name: str, component: str
) -> None:
    (tmp_path / "function_app.py").write_text("import azure.functions as func\n\napp = func.FunctionApp()\n")
    ports = {**dict.fromkeys(DEFAULT_PORTS, 0), name: used_port}
    app, host_json = tmp_path / "function_app.py", ROOT / "host.json"
    stack = Stack(Options(folder=tmp_path, node=NODE, ports=ports, app=app, host_json=host_json))
    try:
        with pytest.raises(
            StackError, match=rf"^{component} cannot start: port {used_port} is in use\. .*ARGS=--free-ports$"
        ):
            await stack.start()
    finally:
        await stack.stop()
    assert not stack.file.exists()


def test_usual_ports_in_use_are_reported(tmp_path: Path) -> None:
    with ExitStack() as held:
        for port in DEFAULT_PORTS.values():
            # Another program may already use the port.
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        finished = subprocess.run(  # noqa: S603 - we build the arguments
            [*COMMAND, "--dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
    assert finished.returncode == 1
    message = r"\w+ cannot start: port (10000|10001|8081|5672) is in use\. Stop the other .* ARGS=--free-ports\n"
    assert re.fullmatch(message, finished.stderr)


def test_a_second_stack_in_the_folder_is_refused(tmp_path: Path) -> None:
    with started_stack(tmp_path, "--emulators-only") as first:
        before = first.wait_until_up()
        output = read_refusal(tmp_path, "--emulators-only")
        assert output == f"A stack is already running in {tmp_path}. Use it, or stop it first.\n"
        assert first.wait_until_up() == before
        assert first.started.poll() is None


def test_a_missing_node_is_reported_with_the_command_that_installs_it(tmp_path: Path) -> None:
    output = read_refusal(tmp_path, "--node", tmp_path / "node")
    assert output == f"Node is missing: {tmp_path / 'node'} does not exist. Install it with: make install\n"


def test_a_node_that_is_not_executable_is_reported(tmp_path: Path) -> None:
    (tmp_path / "node").write_text("no program")
    output = read_refusal(tmp_path, "--node", tmp_path / "node")
    assert output.startswith("azurite cannot be started: ")
    assert str(tmp_path / "node") in output
    assert "Traceback" not in output


def test_an_app_that_does_not_load_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise RuntimeError('no such luck')\n")
    output = read_refusal(tmp_path, "--app", tmp_path / "app.py")
    assert "\nhost did not start" in output
    assert "no such luck" in output


def test_exit_with_stdin_is_refused_without_a_pipe(tmp_path: Path) -> None:
    output = read_refusal(tmp_path, "--emulators-only", "--exit-with-stdin")
    assert output == "--exit-with-stdin needs a pipe as stdin. Leave the option out, or start this with a pipe.\n"


def test_a_setting_without_a_value_is_refused(tmp_path: Path) -> None:
    finished = subprocess.run(  # noqa: S603 - we build the arguments
        [*COMMAND, "--dir", str(tmp_path), "--set", "NAME"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 2
    assert "'NAME' must have the form NAME=VALUE" in finished.stderr
