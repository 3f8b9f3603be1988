"""Processes with a robot on the kit: how they stop, and what the next process makes of their jobs."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples.fake_exchange import CREDENTIALS, TIMEOUT_S, running_exchange, to_jsonl
from tests.samples.kit import get_health, running_process, wait_until
from tests.samples.references import make_reference
from tests.stacks import ROOT

MODULE = "tests.samples.slow_robot"
SOME = [make_reference(f"Reference {number}", "An abstract.") for number in range(150)]


def count_calls(calls: Path) -> int:
    return len(calls.read_text().splitlines()) if calls.exists() else 0


async def test_a_killed_robot_resumes_its_job_and_repeats_little(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running_exchange(to_jsonl(*SOME)) as exchange:
        async with running_process(MODULE, exchange, tmp_path, CALLS=str(calls)) as robot:
            assert await exchange.send_job() == 202
            await wait_until(lambda: count_calls(calls) > 100)
            await robot.stop(signal.SIGKILL)
        assert exchange.callbacks.empty()
        exchange.expire_urls()
        async with running_process(MODULE, exchange, tmp_path, CALLS=str(calls), SECONDS="0"):
            assert (await exchange.wait_for_callback())["error"] is None
        assert [entry["reference_id"] for entry in exchange.read_entries()] == [item["id"] for item in SOME]
        assert exchange.requests == ["download", "download", "read", "download", "upload", "callback"]
    assert len(SOME) <= count_calls(calls) < 2 * len(SOME)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_robot_without_repeated_work(number: signal.Signals, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with running_exchange(to_jsonl(*SOME)) as exchange:
        async with running_process(MODULE, exchange, tmp_path, CALLS=str(calls)) as robot:
            await exchange.send_job()
            await wait_until(lambda: count_calls(calls) > 10)
            assert await robot.stop(number) == 0
            messages = [line["message"] for line in robot.read_log()]
            assert messages[-2:] == ["stopping after the work in progress. A second signal stops at once", "stopped"]
            assert {line.get("batch_id") for line in robot.read_log()} == {None, exchange.batch_id}
            log = str(robot.read_log())
        done = count_calls(calls)
        assert 10 < done < len(SOME)
        async with running_process(MODULE, exchange, tmp_path, CALLS=str(calls), SECONDS="0"):
            assert (await exchange.wait_for_callback())["error"] is None
        assert len(exchange.read_entries()) == count_calls(calls) == len(SOME)
    assert "sig=" not in log
    assert CREDENTIALS.secret not in log


async def test_a_second_signal_stops_the_robot_at_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    async with (
        running_exchange(to_jsonl(*SOME)) as exchange,
        running_process(MODULE, exchange, tmp_path, CALLS=str(calls), SECONDS="600") as robot,
    ):
        await exchange.send_job()
        await wait_until(lambda: count_calls(calls) == 1)
        robot.process.send_signal(signal.SIGTERM)
        await robot.wait_for_log("stopping")
        assert (await get_health(exchange))["status"] == "stopping"
        assert await robot.stop(signal.SIGTERM) == 130


async def test_a_second_process_with_the_same_state_does_not_start(tmp_path: Path) -> None:
    async with (
        running_exchange(b"") as exchange,
        running_process(MODULE, exchange, tmp_path, CALLS=str(tmp_path / "calls")),
    ):
        command = [sys.executable, "-m", MODULE, "--port", "0", "--api", exchange.url, "--state", f"{tmp_path}/state"]
        secrets = {"ROBOT_ID": str(CREDENTIALS.robot_id), "ROBOT_SECRET": CREDENTIALS.secret}
        ended = subprocess.run(  # noqa: S603, ASYNC221 - we build the arguments, and nothing else has to run
            command, cwd=ROOT, env=secrets, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    assert ended.returncode == 1
    assert "Another process of this robot uses the folder" in ended.stderr
