"""A host is killed as `kill -9` does it, in the middle of each step; another one goes on where it got to."""

import asyncio
from contextlib import AsyncExitStack

from aiohttp import web

from tests.e2e.robot import Order
from tests.faults.check import check
from tests.faults.deliveries import whole
from tests.faults.jobs import Conduct, Job, takes_and_delivers
from tests.faults.site import Site, kill


def holding_the_first_call(answer: int, called: asyncio.Semaphore) -> Conduct:
    """Never answer the first call; answer the second with this status."""

    async def behave(job: Job, order: Order) -> web.Response:
        if len(job.robot.orders) == 1:
            called.release()
            await asyncio.Event().wait()
        await takes_and_delivers(job, order)
        return web.Response(status=answer)

    return behave


async def test_killed_while_it_calls_robots(site: Site) -> None:
    called = asyncio.Semaphore(0)
    async with site.host() as first:
        references = await site.load(10)
        async with (
            site.job(holding_the_first_call(202, called), references) as one,
            site.job(holding_the_first_call(409, called), references) as other,
        ):
            for _ in range(2):
                await asyncio.wait_for(called.acquire(), 20)
            await kill(first)
            assert [(await job.item())["status"] for job in (one, other)] == ["received", "received"]
            async with site.host():
                assert await check(site, one, other) == ["partial_failed", "partial_failed"]
            assert [len(job.robot.orders) for job in (one, other)] == [2, 2]


async def test_killed_while_it_validates(site: Site) -> None:
    async with site.host() as first:
        references = await site.load(40)
        async with AsyncExitStack() as exits:
            # The result takes some seconds to be read.
            with site.proxies["blob"].slow(0.3):
                job = await exits.enter_async_context(site.job(takes_and_delivers, references, times=50))
                await job.until(lambda item: item["upload"] is not None, "the validation to begin")
                await kill(first)
            assert (await job.item())["validation"] is None
            async with site.host():
                assert await check(site, job) == ["partial_failed"]


async def test_killed_while_it_imports_again_and_again(site: Site) -> None:
    async with site.host() as first:
        references = await site.load(40)
        async with site.job(takes_and_delivers, references, times=50, plan=whole) as job:
            first_windows = (await job.until(lambda item: item["progress"]["windows"] >= 3, "progress"))["progress"]
            await kill(first)
            async with site.host() as second:
                await job.until(lambda item: item["progress"]["windows"] > first_windows["windows"] + 4, "progress")
                await kill(second)
            interrupted = await job.item()
            assert interrupted["status"] == "importing"
            assert interrupted["report"] is None
            async with site.host():
                assert await check(site, job) == ["completed"]
