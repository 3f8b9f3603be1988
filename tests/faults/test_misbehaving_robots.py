"""Robots that are slow, unreliable or lying. Each batch ends, and only its own robot has an effect on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from tests.e2e.robot import Job
from tests.faults.check import check
from tests.faults.deliveries import make_mixed_delivery
from tests.faults.proxied_stack import ProxiedStack
from tests.faults.proxy import Proxy
from tests.faults.watched_batch import WatchedBatch, accept_and_deliver

ROBOT_SILENCE_LIMIT_S = 6.0
UNREACHABLE_S = 1.5


@pytest.fixture(scope="module")
async def references(shared_stack: ProxiedStack) -> AsyncIterator[list[str]]:
    """Load references on a host with a short limit for silent robots."""
    async with shared_stack.run_host(ROBOT_SILENCE_LIMIT_S=str(ROBOT_SILENCE_LIMIT_S)):
        yield await shared_stack.load(20)


async def accept(_batch: WatchedBatch, _job: Job) -> web.Response:
    return web.Response(status=202)


async def test_the_result_of_a_robot_that_answers_after_the_timeout_is_imported(
    stack: ProxiedStack, references: list[str]
) -> None:
    async def answer_late(batch: WatchedBatch, job: Job) -> web.Response:
        if len(batch.jobs) > 1:
            return web.Response(status=409)
        # Longer than ROBOT_CALL_TIMEOUT_S.
        await asyncio.sleep(2)
        batch.start(deliver_slowly(batch, job))
        return web.Response(status=202)

    async def deliver_slowly(batch: WatchedBatch, job: Job) -> None:
        await asyncio.sleep(2)
        await batch.upload(job)
        await asyncio.sleep(2)
        await batch.call_back(job)

    async with stack.run_batch(answer_late, references[:4]) as batch:
        assert await check(stack, batch) == ["partial_failed"]


async def test_a_robot_that_is_sometimes_unreachable_is_called_until_it_accepts(
    stack: ProxiedStack, references: list[str]
) -> None:
    proxy = Proxy()
    await proxy.start()

    async def refuse_connections() -> None:
        async with proxy.unreachable():
            await asyncio.sleep(UNREACHABLE_S)

    async def accept_the_fourth_call(batch: WatchedBatch, job: Job) -> web.Response:
        match len(batch.jobs):
            case 2:
                # This call is aborted, and later ones are refused for a while.
                batch.start(refuse_connections())
                await asyncio.sleep(UNREACHABLE_S)
            case 4:
                return await accept_and_deliver(batch, job)
        return web.Response(status=503)

    async with stack.run_batch(accept_the_fourth_call, references[4:8], proxy=proxy) as batch:
        assert await check(stack, batch) == ["partial_failed"]
        assert len(batch.jobs) == 4
    await proxy.close()


async def test_the_batch_of_a_robot_that_never_delivers_fails(stack: ProxiedStack, references: list[str]) -> None:
    async with (
        stack.run_batch(accept, references[8:10]) as silent,
        stack.run_batch(accept, references[8:10]) as without_result,
    ):
        await without_result.wait_until_accepted()
        status, _ = await without_result.robot.call_back(without_result.jobs[0])
        assert status == 409, "a callback without a result was accepted"
        assert await check(stack, silent, without_result) == ["failed", "failed"]
        assert "delivered no result" in (await silent.read_item())["error"]


async def test_a_callback_for_the_batch_of_another_robot_has_no_effect(
    stack: ProxiedStack, references: list[str]
) -> None:
    async with (
        stack.run_batch(accept, references[10:14]) as honest,
        stack.run_batch(accept_and_deliver, references[10:14]) as lying,
    ):
        await honest.wait_until_accepted()
        await lying.wait_until(lambda item: item["status"] != "received", "acceptance")
        before = await honest.read_item()
        credentials = lying.credentials
        for error in (None, {"message": "there is no result"}):
            body = {"request_id": honest.id, "error": error}
            assert (await stack.exchange.call_as_robot(credentials, body))[0] == 403
        assert await honest.read_item() == before
        await honest.deliver(honest.jobs[0])
        assert await check(stack, honest, lying) == ["partial_failed", "partial_failed"]


async def test_an_upload_that_is_replaced_before_the_callback_is_not_imported(
    stack: ProxiedStack, references: list[str]
) -> None:
    async def accept_and_replace(batch: WatchedBatch, job: Job) -> web.Response:
        batch.start(upload_and_replace(batch, job))
        return web.Response(status=202)

    async def upload_and_replace(batch: WatchedBatch, job: Job) -> None:
        versions = [make_mixed_delivery(job["id"], batch.references, 5, f"version {number}") for number in range(6)]
        await batch.upload(job, versions[0])
        await batch.upload(job, versions[1])
        await asyncio.gather(batch.call_back(job), *(batch.upload(job, version) for version in versions[2:]))
        await batch.call_back(job)

    async with AsyncExitStack() as exits:
        batches = [
            await exits.enter_async_context(stack.run_batch(accept_and_replace, references[14:])) for _ in range(5)
        ]
        assert await check(stack, *batches) == ["partial_failed"] * len(batches)
        for batch in batches:
            imported = batch.find_imported(await batch.read_item())
            assert imported is not batch.tried[0], "an upload was imported that was replaced before the callback"
