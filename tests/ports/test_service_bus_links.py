"""The links to Service Bus: which are kept, which are replaced, and that none of them holds a message."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue
from yarl import URL

from exchange.adapters.service_bus_links import ServiceBusLinks
from exchange.domain.errors import Unavailable
from tests.faults.proxy import Proxy
from tests.stacks import Stack

QUEUE, DEAD = "notify", ServiceBusSubQueue.DEAD_LETTER


@pytest.fixture
async def links(emulators: Stack) -> AsyncIterator[ServiceBusLinks]:
    links = ServiceBusLinks(emulators.settings["SERVICE_BUS"], None)
    yield links
    await links.close()


async def add_dead_letter(links: ServiceBusLinks) -> None:
    await links.send(QUEUE, ServiceBusMessage(b"{}"))
    async with links.use_receiver(QUEUE) as receiver:
        (message,) = await receiver.receive_messages(1, 5)
        await receiver.dead_letter_message(message)


async def test_a_kept_peeker_holds_no_message(links: ServiceBusLinks) -> None:
    async with links.use_peeker(QUEUE, DEAD) as first:
        assert await first.peek_messages() == []
    await add_dead_letter(links)
    async with links.use_peeker(QUEUE, DEAD) as second:
        assert len(await second.peek_messages()) == 1
    assert second is first
    started = time.monotonic()
    async with links.use_receiver(QUEUE, DEAD) as receiver:
        (message,) = await receiver.receive_messages(1, 30)
        await receiver.complete_message(message)
    # The SDK releases what an idle receiver has locked at most every five seconds.
    assert time.monotonic() - started < 4
    assert message.delivery_count == 0


async def test_calls_at_the_same_time_have_a_peeker_each(links: ServiceBusLinks) -> None:
    async with links.use_peeker(QUEUE, DEAD) as first, links.use_peeker(QUEUE, DEAD) as second:
        assert first is not second
        assert list(await asyncio.gather(first.peek_messages(), second.peek_messages())) == [[], []]
    async with links.use_peeker(QUEUE, DEAD) as third, links.use_peeker(QUEUE) as other:
        assert third is second, "the first one to be idle is kept"
        assert other not in (first, second)


async def test_a_peeker_is_replaced_after_an_error(links: ServiceBusLinks) -> None:
    with suppress(ZeroDivisionError):
        async with links.use_peeker(QUEUE, DEAD) as first:
            raise ZeroDivisionError
    with suppress(TimeoutError):
        async with asyncio.timeout(0.01), links.use_peeker(QUEUE, DEAD) as second:
            await second.peek_messages()
    async with links.use_peeker(QUEUE, DEAD) as third:
        assert await third.peek_messages() == []
    assert len({first, second, third}) == 3


async def test_a_peeker_that_was_idle_for_long_is_replaced(emulators: Stack) -> None:
    links = ServiceBusLinks(emulators.settings["SERVICE_BUS"], None, max_idle_s=0.0)
    async with links.use_peeker(QUEUE, DEAD) as first:
        assert await first.peek_messages() == []
    async with links.use_peeker(QUEUE, DEAD) as second:
        assert second is not first
        assert await second.peek_messages() == []
    await links.close()


async def test_kept_links_survive_a_broken_connection(emulators: Stack) -> None:
    address = emulators.settings["SERVICE_BUS"]
    port = URL(address.partition("Endpoint=")[2].partition(";")[0]).port
    assert port is not None
    proxy = Proxy(port)
    await proxy.start()
    links = ServiceBusLinks(address.replace(f":{port}", f":{proxy.port}"), None)
    try:
        for _ in range(2):
            await links.send(QUEUE, ServiceBusMessage(b"{}"))
            async with links.use_peeker(QUEUE) as peeker:
                assert await peeker.peek_messages()
            proxy.cut()
        proxy.stop()
        with pytest.raises(Unavailable):
            await links.send(QUEUE, ServiceBusMessage(b"{}"))
        await proxy.start()
        await links.send(QUEUE, ServiceBusMessage(b"{}"))
        async with links.use_receiver(QUEUE) as receiver:
            for message in await receiver.receive_messages(3, 5):
                await receiver.complete_message(message)
    finally:
        await links.close()
        proxy.stop()


async def test_closing_ends_every_link(links: ServiceBusLinks) -> None:
    before = asyncio.all_tasks()
    async with links.use_peeker(QUEUE, DEAD) as peeker, links.use_receiver(QUEUE) as receiver:
        assert await peeker.peek_messages() == await receiver.peek_messages() == []
    with pytest.raises(TimeoutError):
        # The first message opens a link, which takes longer.
        async with asyncio.timeout(0.01):
            await links.send(QUEUE, ServiceBusMessage(b"{}"))
    assert asyncio.all_tasks() > before, "an open link has a task"
    await links.close()
    assert asyncio.all_tasks() == before
