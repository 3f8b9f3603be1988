"""A dependency of the app cannot be reached for a while. Then it is back with its data."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

import pytest
from aiohttp import web

from tests import tiers
from tests.e2e.exchange import BATCHES
from tests.e2e.robot import Job
from tests.faults.check import check
from tests.faults.deliveries import make_valid_delivery
from tests.faults.proxied_stack import ProxiedStack
from tests.faults.watched_batch import Behaviour, WatchedBatch, accept_and_deliver
from tests.tiers import choose, fast_or_exhaustive

OUTAGE_S = fast_or_exhaustive(2.0, 20.0)
# The clients retry for up to 26 s if a store refuses connections.
RESPONSE_TIMEOUT_S = 90.0
CUTS = fast_or_exhaustive(7, 20)
CUT_INTERVAL_S = 0.15
STALL_S = fast_or_exhaustive(2.0, 6.0)
# Enhancements of each reference.
MANY = fast_or_exhaustive(50, 100)


def answer_after(event: asyncio.Event) -> Behaviour:
    """Accept the first call, but answer it only after the event. Answer repeated calls with 409."""

    async def behave(batch: WatchedBatch, job: Job) -> web.Response:
        if len(batch.jobs) > 1:
            return web.json_response({"detail": "already accepted"}, status=409)
        await event.wait()
        return await accept_and_deliver(batch, job)

    return behave


def deliver_after(event: asyncio.Event) -> Behaviour:
    """Accept the batch, and deliver after the event."""

    async def behave(batch: WatchedBatch, job: Job) -> web.Response:
        async def deliver() -> None:
            await event.wait()
            await batch.deliver(job)

        batch.start(deliver())
        return web.Response(status=202)

    return behave


@pytest.mark.parametrize("name", choose(["cosmos", "blob", "servicebus"], one_in=3))
async def test_batches_in_every_phase_survive_an_outage(stack: ProxiedStack, name: str) -> None:
    outage_started = asyncio.Event()
    async with stack.run_host(), AsyncExitStack() as exits:
        references = await stack.load(20)
        accepted = await exits.enter_async_context(stack.run_batch(deliver_after(outage_started), references))
        await accepted.wait_until_accepted()
        importing = await exits.enter_async_context(
            stack.run_batch(accept_and_deliver, references, times=MANY, make_delivery=make_valid_delivery)
        )
        await importing.wait_for_chunks(2)
        # The import must not end before the outage starts.
        with stack.proxies["cosmos"].slow(0.02):
            called = await exits.enter_async_context(stack.run_batch(answer_after(outage_started), references))
            await called.wait_until(lambda item: item["calls_started"] == 1, "the call")
        requested: list[WatchedBatch] = []
        async with stack.proxies[name].unreachable():
            outage_started.set()
            outage = asyncio.create_task(asyncio.sleep(OUTAGE_S))
            assert (await importing.read_item())["status"] == "importing"
            if name == "servicebus":
                # A batch that is written is accepted, even if its message cannot be sent.
                requested = [await exits.enter_async_context(stack.run_batch(accept_and_deliver, references))]
            elif tiers.exhaustive:
                # The answer comes after all retries. The port tests show that they end in `Unavailable`.
                assert await request_batch(stack, importing) == 503
            await outage
        statuses = await check(stack, importing, accepted, called, *requested)
        assert statuses == ["completed", *["partial_failed"] * (len(statuses) - 1)]


async def request_batch(stack: ProxiedStack, like: WatchedBatch) -> int:
    """Request another batch of the same robot and references. Return the HTTP status."""
    request = {"robot_id": (await like.read_item())["robot_id"], "reference_ids": like.references}
    async with asyncio.timeout(RESPONSE_TIMEOUT_S):
        return (await stack.exchange.post(BATCHES, request, "requestor"))[0]


@pytest.mark.exhaustive
async def test_batches_end_although_queue_connections_are_cut_repeatedly(stack: ProxiedStack) -> None:
    cuts_start = asyncio.Event()
    async with stack.run_host(), AsyncExitStack() as exits:
        references = await stack.load(20)
        behaviours = [accept_and_deliver, deliver_after(cuts_start), answer_after(cuts_start)]
        batches = [
            await exits.enter_async_context(stack.run_batch(behaviour, references, times=30))
            for behaviour in behaviours
        ]
        cuts_start.set()
        await cut_repeatedly(stack, "servicebus")
        assert await check(stack, *batches) == ["partial_failed"] * len(batches)


async def test_a_batch_ends_although_store_connections_are_cut_repeatedly(stack: ProxiedStack) -> None:
    async with stack.run_host():
        references = await stack.load(20)
        async with stack.run_batch(accept_and_deliver, references, times=50) as batch:
            await cut_repeatedly(stack, "blob", "cosmos")
            assert await check(stack, batch) == ["partial_failed"]


async def test_an_import_continues_after_all_connections_stalled(stack: ProxiedStack) -> None:
    async with stack.run_host():
        references = await stack.load(20)
        async with stack.run_batch(accept_and_deliver, references, times=MANY) as batch:
            await batch.wait_for_chunks(2)
            with ExitStack() as stalls:
                for proxy in stack.proxies.values():
                    stalls.enter_context(proxy.stalled())
                await asyncio.sleep(STALL_S)
                assert (await batch.read_item())["status"] == "importing"
            assert await check(stack, batch) == ["partial_failed"]


async def cut_repeatedly(stack: ProxiedStack, *names: str) -> None:
    for _ in range(CUTS):
        for name in names:
            stack.proxies[name].cut()
        await asyncio.sleep(CUT_INTERVAL_S)
