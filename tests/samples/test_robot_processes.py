"""The robots as processes, started as samples/README.md describes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.samples.fake_exchange import CREDENTIALS, TIMEOUT_S, running_exchange, to_jsonl
from tests.samples.references import load_samples
from tests.stacks import ROOT

MODULES = ["samples.robot", "samples.robot_from_scratch", "samples.misbehaving_robot"]


@contextmanager
def running_robot(module: str, api: str, folder: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, "--port", str(port), "--api", api]
    # The robot on the kit keeps its state in the user's cache.
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder),
        "ROBOT_ID": str(CREDENTIALS.robot_id),
        "ROBOT_SECRET": CREDENTIALS.secret,
    }
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)  # noqa: S603 - we build the arguments
    try:
        _wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "the robot ended"
            assert time.monotonic() < deadline, "the robot is not listening"
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("module", MODULES)
async def test_a_robot_works_on_a_batch(module: str, tmp_path: Path) -> None:
    async with running_exchange(to_jsonl(*load_samples()[:20])) as exchange:
        with running_robot(module, exchange.url, tmp_path) as exchange.robot_url:
            async with aiohttp.ClientSession() as session, session.get(f"{exchange.robot_url}/health") as response:
                assert response.status == 200
            assert await exchange.send_job() == 202
            assert (await exchange.wait_for_callback())["error"] is None
    assert exchange.result


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "set ROBOT_ID and ROBOT_SECRET in the environment"),
        ({"ROBOT_ID": "study design", "ROBOT_SECRET": "s"}, "ROBOT_ID must be the id in the answer"),
    ],
    ids=["missing", "invalid"],
)
def test_a_robot_names_a_missing_or_invalid_environment_variable(
    module: str, environment: dict[str, str], expected: str
) -> None:
    command = [sys.executable, "-m", module, "--api", "http://127.0.0.1:1"]
    others = {name: value for name, value in os.environ.items() if not name.startswith("ROBOT_")}
    ended = subprocess.run(  # noqa: S603 - we build the arguments
        command, cwd=ROOT, env={**others, **environment}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert expected in ended.stderr
    assert "Traceback" not in ended.stderr
