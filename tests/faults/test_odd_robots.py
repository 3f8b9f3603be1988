"""Robots that are slow, flapping or lying: each batch ends, and only as its own robot had it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from tests.e2e.robot import Order
from tests.faults.check import check
from tests.faults.deliveries import mixed
from tests.faults.jobs import Job, takes_and_delivers
from tests.faults.proxy import Proxy
from tests.faults.site import Site

SILENCE_S = 6.0
REFUSING_S = 1.5


@pytest.fixture(scope="module")
async def references(emulated: Site) -> AsyncIterator[list[str]]:
    """Run a host that soon gives up on a silent robot; other tests load references of their own."""
    async with emulated.host(ROBOT_SILENCE_LIMIT_S=str(SILENCE_S)):
        yield await emulated.load(20)


async def takes(_job: Job, _order: Order) -> web.Response:
    return web.Response(status=202)


async def test_a_slow_one(site: Site, references: list[str]) -> None:
    async def slow(job: Job, order: Order) -> web.Response:
        if len(job.robot.orders) > 1:
            return web.Response(status=409)
        # Longer than the call may take.
        await asyncio.sleep(2)
        job.work_on(deliver(job, order))
        return web.Response(status=202)

    async def deliver(job: Job, order: Order) -> None:
        await asyncio.sleep(2)
        await job.upload(order)
        await asyncio.sleep(2)
        await job.call_back(order)

    async with site.job(slow, references[:4]) as job:
        assert await check(site, job) == ["partial_failed"]


async def test_a_flapping_one(site: Site, references: list[str]) -> None:
    door = Proxy()
    await door.start()

    async def refuse_connections() -> None:
        async with door.away():
            await asyncio.sleep(REFUSING_S)

    async def flapping(job: Job, order: Order) -> web.Response:
        match len(job.robot.orders):
            case 2:
                # The call is broken off, and others are refused for a while.
                job.work_on(refuse_connections())
                await asyncio.sleep(REFUSING_S)
            case 4:
                return await takes_and_delivers(job, order)
        return web.Response(status=503)

    async with site.job(flapping, references[4:8], door=door) as job:
        assert await check(site, job) == ["partial_failed"]
        assert len(job.robot.orders) == 4
    await door.close()


async def test_one_that_takes_the_batch_and_says_never_a_word(site: Site, references: list[str]) -> None:
    async with site.job(takes, references[8:10]) as silent, site.job(takes, references[8:10]) as boasting:
        await boasting.until(lambda item: item["status"] == "accepted", "acceptance")
        assert (await boasting.robot.call_back(boasting.robot.orders[0]))[0] == 409, "nothing is there"
        assert await check(site, silent, boasting) == ["failed", "failed"]
        assert "delivered no result" in (await silent.item())["error"]


async def test_one_that_calls_back_for_anothers_batch(site: Site, references: list[str]) -> None:
    async with site.job(takes, references[10:14]) as honest, site.job(takes_and_delivers, references[10:14]) as lying:
        await honest.until(lambda item: item["status"] == "accepted", "acceptance")
        await lying.until(lambda item: item["status"] != "received", "acceptance")
        before = await honest.item()
        as_liar = lying.robot.asked_as[lying.id]
        for error in (None, {"message": "there is nothing to be had"}):
            body = {"request_id": honest.id, "error": error}
            assert (await site.exchange.call_as_robot(as_liar, body))[0] == 403
        assert await honest.item() == before
        await honest.deliver(honest.robot.orders[0])
        assert await check(site, honest, lying) == ["partial_failed", "partial_failed"]


async def test_ones_that_upload_while_they_call_back(site: Site, references: list[str]) -> None:
    async def restless(job: Job, order: Order) -> web.Response:
        job.work_on(deliver(job, order))
        return web.Response(status=202)

    async def deliver(job: Job, order: Order) -> None:
        versions = [mixed(order["id"], job.references, 5, f"version {number}") for number in range(6)]
        await job.upload(order, versions[0])
        await job.upload(order, versions[1])
        await asyncio.gather(job.call_back(order), *(job.upload(order, version) for version in versions[2:]))
        await job.call_back(order)

    async with AsyncExitStack() as exits:
        jobs = [await exits.enter_async_context(site.job(restless, references[14:])) for _ in range(5)]
        assert await check(site, *jobs) == ["partial_failed"] * len(jobs)
        for job in jobs:
            assert job.import_started(await job.item()) is not job.offered[0], "it was replaced before the callback"
