"""What the app depends on is out of reach for a while, and then back with its data."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

import pytest
from aiohttp import web

from tests.e2e.exchange import BATCHES
from tests.e2e.robot import Order
from tests.faults.check import check
from tests.faults.deliveries import whole
from tests.faults.jobs import Conduct, Job, takes_and_delivers
from tests.faults.site import Site

OUTAGE_S = 20.0
# A store that refuses connections is tried again for up to 26 s.
ANSWER_S = 40.0
CUTS = 20
STALL_S = 6.0
CUT_EVERY_S = 0.15


def answering_only_when(begun: asyncio.Event) -> Conduct:
    """Take the first call, but answer it when this has begun; what comes after it is a repetition."""

    async def behave(job: Job, order: Order) -> web.Response:
        if len(job.robot.orders) > 1:
            return web.json_response({"detail": "I have it."}, status=409)
        await begun.wait()
        return await takes_and_delivers(job, order)

    return behave


def delivering_only_when(begun: asyncio.Event) -> Conduct:
    """Take the batch; deliver when this has begun."""

    async def behave(job: Job, order: Order) -> web.Response:
        async def deliver() -> None:
            await begun.wait()
            await job.deliver(order)

        job.work_on(deliver())
        return web.Response(status=202)

    return behave


@pytest.mark.parametrize("name", ["blob", "cosmos", "servicebus"])
async def test_out_of_reach_in_the_middle_of_everything(site: Site, name: str) -> None:
    begun = asyncio.Event()
    async with site.host(), AsyncExitStack() as jobs:
        references = await site.load(20)
        accepted = await jobs.enter_async_context(site.job(delivering_only_when(begun), references))
        await accepted.until(lambda item: item["status"] == "accepted", "acceptance")
        importing = await jobs.enter_async_context(site.job(takes_and_delivers, references, times=100, plan=whole))
        await importing.until(lambda item: item["progress"]["windows"] >= 2, "progress")
        # So that it is not over too soon.
        with site.proxies["cosmos"].slow(0.02):
            called = await jobs.enter_async_context(site.job(answering_only_when(begun), references))
            await called.until(lambda item: item["calls_started"] == 1, "the call")
        requested: list[Job] = []
        async with site.proxies[name].away():
            begun.set()
            over = asyncio.create_task(asyncio.sleep(OUTAGE_S))
            assert (await importing.item())["status"] == "importing"
            if name == "servicebus":
                # What is written is accepted, though it can't be sent.
                requested = [await jobs.enter_async_context(site.job(takes_and_delivers, references))]
            else:
                assert await answer_to_a_request(site, importing) == 503
            await over
        ends = await check(site, importing, accepted, called, *requested)
        assert ends == ["completed", *["partial_failed"] * (len(ends) - 1)]


async def answer_to_a_request(site: Site, like: Job) -> int:
    """Request another batch of this job's robot; return the HTTP status."""
    order = {"robot_id": (await like.item())["robot_id"], "reference_ids": like.references}
    async with asyncio.timeout(ANSWER_S):
        return (await site.exchange.post(BATCHES, order, "requestor"))[0]


async def test_queue_connections_are_cut_in_the_middle_again_and_again(site: Site) -> None:
    begun = asyncio.Event()
    async with site.host(), AsyncExitStack() as exits:
        references = await site.load(20)
        conducts = [takes_and_delivers, delivering_only_when(begun), answering_only_when(begun)]
        jobs = [await exits.enter_async_context(site.job(conduct, references, times=30)) for conduct in conducts]
        begun.set()
        await cut_again_and_again(site, "servicebus")
        assert await check(site, *jobs) == ["partial_failed"] * len(jobs)


async def test_store_connections_are_cut_in_the_middle_again_and_again(site: Site) -> None:
    async with site.host():
        references = await site.load(20)
        async with site.job(takes_and_delivers, references, times=50) as job:
            await cut_again_and_again(site, "blob", "cosmos")
            assert await check(site, job) == ["partial_failed"]


async def test_everything_stalls_without_a_word(site: Site) -> None:
    async with site.host():
        references = await site.load(20)
        async with site.job(takes_and_delivers, references, times=100) as job:
            await job.until(lambda item: item["progress"]["windows"] >= 2, "progress")
            with ExitStack() as stalls:
                for proxy in site.proxies.values():
                    stalls.enter_context(proxy.stalled())
                await asyncio.sleep(STALL_S)
                assert (await job.item())["status"] == "importing"
            assert await check(site, job) == ["partial_failed"]


async def cut_again_and_again(site: Site, *names: str) -> None:
    for _ in range(CUTS):
        for name in names:
            site.proxies[name].cut()
        await asyncio.sleep(CUT_EVERY_S)
