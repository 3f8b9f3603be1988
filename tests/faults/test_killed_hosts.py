"""A host is killed in the middle of each use case. Another host continues where it stopped."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from tests.e2e.robot import Job
from tests.faults.check import check
from tests.faults.deliveries import make_valid_delivery
from tests.faults.proxied_stack import ProxiedStack, kill
from tests.faults.watched_batch import Behaviour, WatchedBatch, accept_and_deliver


def answer_only_the_second_call(status: int, called: asyncio.Semaphore) -> Behaviour:
    """Never answer the first call. Answer the second one with this status."""

    async def behave(batch: WatchedBatch, job: Job) -> web.Response:
        if len(batch.jobs) == 1:
            called.release()
            await asyncio.Event().wait()
        await accept_and_deliver(batch, job)
        return web.Response(status=status)

    return behave


@pytest.mark.exhaustive
async def test_calls_to_robots_are_repeated_after_the_host_is_killed(stack: ProxiedStack) -> None:
    called = asyncio.Semaphore(0)
    async with stack.run_host() as host:
        references = await stack.load(10)
        async with (
            stack.run_batch(answer_only_the_second_call(202, called), references) as first,
            stack.run_batch(answer_only_the_second_call(409, called), references) as second,
        ):
            for _ in range(2):
                await asyncio.wait_for(called.acquire(), 90)
            await kill(host)
            assert [(await batch.read_item())["status"] for batch in (first, second)] == ["received", "received"]
            async with stack.run_host():
                assert await check(stack, first, second) == ["partial_failed", "partial_failed"]
            assert [len(batch.jobs) for batch in (first, second)] == [2, 2]


@pytest.mark.exhaustive
async def test_a_validation_is_repeated_after_the_host_is_killed(stack: ProxiedStack) -> None:
    async with stack.run_host() as host:
        references = await stack.load(40)
        async with AsyncExitStack() as exits:
            # Reading the result takes some seconds.
            with stack.proxies["blob"].slow(0.3):
                batch = await exits.enter_async_context(stack.run_batch(accept_and_deliver, references, times=50))
                await batch.wait_until(lambda item: item["upload"] is not None, "the start of the validation")
                await kill(host)
            assert (await batch.read_item())["validation"] is None
            async with stack.run_host():
                assert await check(stack, batch) == ["partial_failed"]


async def test_an_import_is_completed_after_two_hosts_are_killed(stack: ProxiedStack) -> None:
    async with stack.run_host() as first:
        references = await stack.load(40)
        async with stack.run_batch(
            accept_and_deliver, references, times=50, make_delivery=make_valid_delivery
        ) as batch:
            imported_by_first = (await batch.wait_for_chunks(3))["progress"]["chunks"]
            await kill(first)
            async with stack.run_host() as second:
                await batch.wait_for_chunks(imported_by_first + 5)
                await kill(second)
            interrupted = await batch.read_item()
            assert interrupted["status"] == "importing"
            assert interrupted["report"] is None
            async with stack.run_host():
                assert await check(stack, batch) == ["completed"]
