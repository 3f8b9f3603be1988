"""Robots on the kit that fetch their jobs from the local stack, each in a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from exchange.contract.robots import Delivery, RobotSettings
from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import BATCHES, Exchange, wait_for
from tests.e2e.test_steering import counts, get
from tests.stacks import ROOT


@asynccontextmanager
async def fetching(exchange: Exchange, robot_id: str, module: str, *options: str) -> AsyncIterator[Any]:
    """Run a process of the robot in this module."""
    environment = {**os.environ, "ROBOT_ID": robot_id, "ROBOT_SECRET": exchange.secrets[robot_id]}
    command = [sys.executable, "-m", module, "--pull", "--api", exchange.stack.api, *options]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_two_processes_of_a_robot_share_a_batch_request(exchange: Exchange) -> None:
    references = await exchange.load_references(30, start=230)
    robot_id = await exchange.register_pull_robot("bibliographic", "abstract")
    batch = await exchange.request_batch(robot_id, references)
    assert batch["parts"] == {"made": 0, "open": 0, "left": 30}
    options = ("--limit", "4", "--lease", "60")
    async with (
        fetching(exchange, robot_id, "samples.robot", *options) as first,
        fetching(exchange, robot_id, "samples.robot", *options) as second,
    ):
        ended = await exchange.wait_until_ended(batch)
        for process in (first, second):
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    states = ended["counts"]
    assert (states["requested"], states["enhanced"] + states["failed"]) == (30, 30)
    assert ended["parts"] == {"made": 8, "open": 0, "left": 0}
    report = await exchange.read_report_lines(ended)
    assert {line["reference_id"] for line in report} == set(references)
    status, activity = await get(exchange, f"/robots/{robot_id}/activity")
    assert status == 200
    assert activity["last_30_days"]["references_enhanced"] == states["enhanced"]


async def test_a_robot_that_the_exchange_calls_is_told_that_it_has_nothing_to_fetch(exchange: Exchange) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    credentials = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    url = f"{exchange.stack.api}/v1/robot-enhancement-batches/?robot_id={robot_id}&limit=1"
    for delivery, told in ((Delivery.PUSH, "push"), (Delivery.PULL, None)):
        await exchange.as_user("operator").change_robot(credentials.robot_id, RobotSettings(delivery=delivery))
        async with exchange.session.post(url, data=b"", headers=credentials.headers(b"")) as answer:
            assert (answer.status, answer.headers.get("Robot-Delivery")) == (204, told)


async def test_a_process_that_is_stopped_gives_its_job_back(exchange: Exchange) -> None:
    references = await exchange.load_references(300)
    robot_id = await exchange.register_pull_robot("bibliographic", "abstract")
    batch = await exchange.request_batch(robot_id, references)
    async with fetching(exchange, robot_id, "tests.chaos.slow_robot", "--limit", "300") as process:
        await exchange.wait_until(batch, {"accepted"})
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    _, listed = await get(exchange, f"{BATCHES}{batch['id']}/parts")
    (part,) = listed["parts"]
    assert (part["request_status"], part["returned"]) == ("accepted", False)
    async with fetching(exchange, robot_id, "samples.robot", "--limit", "300"):

        async def find_returned() -> bool | None:
            _, found = await get(exchange, f"{BATCHES}{batch['id']}/parts")
            return found["parts"][0]["returned"] or None

        await wait_for(find_returned, "the next fetch")
        ended = await exchange.wait_until_ended(batch)
    assert ended["counts"]["pending"] == 0
    assert ended["counts"] == counts(300, enhanced=ended["counts"]["enhanced"], failed=ended["counts"]["failed"])
