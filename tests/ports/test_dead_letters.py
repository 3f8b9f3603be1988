"""The behaviour of every `DeadLetters`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceExistsError

from exchange.adapters.blobs import BlobAccount
from exchange.adapters.dead_letters import BlobEventDeadLetters, PoisonQueue
from exchange.domain.errors import Unavailable
from exchange.ports import DeadLetters
from tests.fakes import FakeDeadLetters
from tests.stacks import Stack

Add = Callable[[], Awaitable[None]]


@pytest.fixture
async def dead_letters(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[DeadLetters, Add, Add]]:
    """Provide the port, and functions that add a message to the poison queue and an event to the dead letters."""
    if kind == "fake":
        fake = FakeDeadLetters()

        async def add_poison_to_fake() -> None:
            fake.poison_queue_depth += 1

        async def add_event_to_fake() -> None:
            fake.event_count += 1

        yield fake, add_poison_to_fake, add_event_to_fake
        return
    address = request.getfixturevalue("emulators").settings["DATA_STORAGE"]
    account, poison_queue = BlobAccount(address, None), PoisonQueue(address, None)

    async def add_poison() -> None:
        with suppress(ResourceExistsError):
            await poison_queue.client.create_queue()
        await poison_queue.client.send_message(json.dumps({"BlobName": "b"}))

    async def add_event() -> None:
        await account.blob("dead-letters", f"{uuid4()}.json").upload_blob(b"[]")

    yield BlobEventDeadLetters(account, poison_queue), add_poison, add_event
    await account.close()
    await poison_queue.close()


async def test_both_kinds_of_dead_letters_are_counted_separately(dead_letters: tuple[DeadLetters, Add, Add]) -> None:
    port, add_poison, add_event = dead_letters
    # The host creates the queue when it first needs it.
    assert (await port.count_poison_queue(), await port.count_event_grid()) == (0, 0)
    for _ in range(3):
        await add_poison()
    await add_event()
    await add_event()
    assert (await port.count_poison_queue(), await port.count_event_grid()) == (3, 2)


async def test_a_refused_connection_raises_unavailable(emulators: Stack, unused_tcp_port: int) -> None:
    address = emulators.settings["DATA_STORAGE"].replace(
        emulators.addresses["blob"], f"http://127.0.0.1:{unused_tcp_port}/a"
    )
    unreachable = address.replace("QueueEndpoint=", f"QueueEndpoint=http://127.0.0.1:{unused_tcp_port}/a;Before=")
    account, poison_queue = BlobAccount(unreachable, None), PoisonQueue(unreachable, None)
    port = BlobEventDeadLetters(account, poison_queue)
    # Both take the time of all retries.
    found = await asyncio.gather(port.count_poison_queue(), port.count_event_grid(), return_exceptions=True)
    assert [type(error) for error in found] == [Unavailable, Unavailable]
    await account.close()
    await poison_queue.close()
