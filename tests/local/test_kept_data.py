"""`make up` keeps its data on disk: a kill of all its processes loses nothing that was acknowledged."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.e2e.conftest import SHORT
from tests.e2e.exchange import Batch, Exchange, exchange_on, wait_for
from tests.e2e.receiver import running_receiver
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.local.running_stack import RunningStack, started_stack
from tests.results import annotation, jsonl
from tests.stacks import Stack
from tests.tiers import choose

SETTINGS = {**SHORT, "ROBOT_SILENCE_LIMIT_S": "60", "ROBOT_RETRY_TOTAL_S": "60", "WEBHOOK_OVERDUE_S": "3"}
OPTIONS = ("--keep-data", *(part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")))
REFERENCES = 30
KILLS = 5


def to_stack(run: RunningStack) -> Stack:
    """Return a running stack in the form that the client needs."""
    addresses = run.wait_until_up()
    return Stack(addresses, json.loads(run.ready.read_text())["tokens"], run.read_settings(), run.folder)


@asynccontextmanager
async def restarted(exchange: Exchange, folder: Path) -> AsyncIterator[RunningStack]:
    """Start the stack again. The client goes on with the tokens that it has."""
    # A killed stack cannot remove it.
    (folder / "stack.json").unlink()
    with started_stack(folder, *OPTIONS) as run:
        stack = await asyncio.to_thread(to_stack, run)
        tokens = exchange.stack.tokens
        exchange.stack = Stack(stack.addresses, tokens, stack.settings, folder)
        yield run


async def read_all(exchange: Exchange, paths: list[str]) -> list[Any]:
    """Read each of these paths as the operator."""
    answers = []
    for path in paths:
        async with exchange.session.get(exchange.stack.api + path, headers=exchange.as_role("operator")) as response:
            assert response.status == 200, path
            answers.append(await response.json())
    return answers


# What happened last before the kill.
MOMENTS = [
    "the upload was acknowledged",
    "the request was answered",
    "the robot works",
    "the callback was answered",
    "a retry is scheduled",
    "the webhook is to be called",
]
MOMENTS_BEFORE_THE_UPLOAD = {"the request was answered", "the robot works", "a retry is scheduled"}


@dataclass
class Outside:
    """The robot and the receiver of webhooks, which the exchange cannot reach before the kill if the moment is such."""

    moment: str
    is_killed: bool = False

    async def receive(self, robot: Robot, job: Job) -> web.Response:
        refuses = self.moment == "a retry is scheduled" and not self.is_killed
        return web.Response(status=503) if refuses else await accept_job(robot, job)

    async def hear(self, _id: str, _event: Any, _number: int) -> web.Response:
        return web.Response(status=204 if self.is_killed else 500)


async def go_on(exchange: Exchange, robot: Robot, batch: Batch, references: list[str], until: str | None) -> None:
    """Let the batch go on until this happened, or until its end."""
    if until == "the request was answered":
        return
    if until == "a retry is scheduled":
        await wait_for(lambda: find(robot.jobs), "a call")
        return
    await exchange.wait_until(batch, {"accepted"})
    if until == "the robot works":
        return
    # The address that the batch has now, because the ports change in a test.
    job = robot.jobs[-1]
    current = await exchange.read_as_robot(batch, robot.credentials[job["id"]])
    body = jsonl(*map(annotation, references))
    assert await robot.put(current["result_storage_url"], body) == 201
    if until == "the upload was acknowledged":
        return
    assert (await robot.call_back(job))[0] == 200
    if until != "the callback was answered":
        await exchange.wait_until_ended(batch)


@pytest.mark.parametrize("moment", choose(MOMENTS, one_in=3))
async def test_a_kill_loses_nothing_and_the_batch_ends(tmp_path: Path, moment: str) -> None:
    outside = Outside(moment)
    async with AsyncExitStack() as contexts:
        run = contexts.enter_context(started_stack(tmp_path, *OPTIONS))
        exchange = await contexts.enter_async_context(exchange_on(await asyncio.to_thread(to_stack, run)))
        robot = await contexts.enter_async_context(running_robot(exchange, outside.receive))
        references = await exchange.load_references(REFERENCES)
        robot_id = await exchange.register_robot(robot.url)
        receiver_context = running_receiver(exchange, outside.hear)
        receiver = await receiver_context.__aenter__()
        kept = [f"/references/{item}/" for item in references[1:]] + [f"/robots/{robot_id}/"]
        before = await read_all(exchange, kept)
        batch = await exchange.request_batch(robot_id, references[:1])
        await go_on(exchange, robot, batch, references[:1], moment)
        run.kill_at_once()

        outside.is_killed = True
        await contexts.enter_async_context(restarted(exchange, tmp_path))
        contexts.push_async_exit(receiver_context)
        assert await read_all(exchange, kept) == before
        if moment in MOMENTS_BEFORE_THE_UPLOAD:
            await go_on(exchange, robot, batch, references[:1], None)
        ended = await exchange.wait_until_ended(batch)
        assert (ended["request_status"], ended["error"]) == ("completed", None)
        assert await exchange.read_report(ended) == [f"Reference {references[0]}: Enhancement added."]
        (enhanced,) = await read_all(exchange, [f"/references/{references[0]}/"])
        assert len([item for item in enhanced["enhancements"] if item["source"] == "test robot"]) == 1
        await wait_for(lambda: find(receiver.list_calls(batch["id"])), "a call of the webhook")


async def find(values: list[Any]) -> list[Any] | None:
    return values or None


@pytest.mark.exhaustive
async def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    seed = time.time_ns()  # shown with the variables of a failure
    chosen = random.Random(seed)  # noqa: S311 - not for security
    references: list[str] = []
    batches: list[Batch] = []

    async def enhance(robot: Robot, job: Job) -> web.Response:
        found = [reference["id"] for reference in await robot.download_references(job)]
        assert await robot.upload(job, *map(annotation, found)) == 201
        await robot.call_back(job)
        return web.Response(status=202)

    async def work(exchange: Exchange, robot_id: str) -> None:
        while True:
            loaded = await exchange.load_references(5, start=chosen.randrange(400))
            references.extend(loaded)
            batches.append(await exchange.request_batch(robot_id, loaded))

    async with AsyncExitStack() as contexts:
        run = contexts.enter_context(started_stack(tmp_path, *OPTIONS))
        exchange = await contexts.enter_async_context(exchange_on(await asyncio.to_thread(to_stack, run)))
        robot = await contexts.enter_async_context(running_robot(exchange, enhance))
        robot_id = await exchange.register_robot(robot.url)
        for _ in range(KILLS):
            working = asyncio.create_task(work(exchange, robot_id))
            await asyncio.sleep(chosen.uniform(0.1, 3))
            run.kill_at_once()
            await asyncio.gather(working, return_exceptions=True)
            run = await contexts.enter_async_context(restarted(exchange, tmp_path))
            await read_all(exchange, [f"/references/{item}/" for item in dict.fromkeys(references)])
            assert [(await exchange.read(batch))["id"] for batch in batches] == [batch["id"] for batch in batches]
        for batch in batches:
            assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
