"""The robots as processes of their own, started as their guide says."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest

from tests.samples.references import given
from tests.samples.stand_in import CREDENTIALS, PATIENCE_S, jsonl, stand_in
from tests.stacks import ROOT


@contextmanager
def robot_process(module: str, api: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", module, "--port", str(port), "--api", api]
    given = {**os.environ, "ROBOT_ID": str(CREDENTIALS.robot_id), "ROBOT_SECRET": CREDENTIALS.secret}
    process = subprocess.Popen(command, cwd=ROOT, env=given, stderr=subprocess.DEVNULL)  # noqa: S603 - arguments are ours
    try:
        _wait_until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _wait_until_listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "the robot ended"
            assert time.monotonic() < deadline, "the robot does not listen"
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize("module", ["samples.robot", "samples.misbehaving_robot"])
async def test_a_robot_takes_a_batch(module: str) -> None:
    async with stand_in(jsonl(*given()[:20])) as exchange:
        with robot_process(module, exchange.url) as exchange.robot_url:
            async with aiohttp.ClientSession() as session, session.get(f"{exchange.robot_url}/health") as response:
                assert response.status == 200
            assert await exchange.ask() == 202
            assert (await exchange.called_back())["error"] is None
    assert exchange.result


@pytest.mark.parametrize("module", ["samples.robot", "samples.misbehaving_robot"])
def test_a_robot_says_what_its_environment_lacks(module: str) -> None:
    command = [sys.executable, "-m", module, "--api", "http://127.0.0.1:1"]
    without = {name: value for name, value in os.environ.items() if not name.startswith("ROBOT_")}
    ended = subprocess.run(command, cwd=ROOT, env=without, capture_output=True, text=True, check=False)  # noqa: S603 - arguments are ours
    assert ended.returncode == 2
    assert "the environment lacks ROBOT_ID and ROBOT_SECRET" in ended.stderr
