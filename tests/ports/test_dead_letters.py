"""What every DeadLetters does."""

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

Give = Callable[[], Awaitable[None]]


@pytest.fixture
async def dead_letters(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[DeadLetters, Give, Give]]:
    """Give the port, and what poisons an event, and what leaves one undelivered."""
    if kind == "fake":
        fake = FakeDeadLetters()

        async def poison_fake() -> None:
            fake.poison += 1

        async def lose_fake() -> None:
            fake.dead_letters += 1

        yield fake, poison_fake, lose_fake
        return
    address = request.getfixturevalue("emulators").settings["DATA_STORAGE"]
    account, poison = BlobAccount(address, None), PoisonQueue(address, None)

    async def poison_real() -> None:
        with suppress(ResourceExistsError):
            await poison.client.create_queue()
        await poison.client.send_message(json.dumps({"BlobName": "b"}))

    async def lose_real() -> None:
        await account.blob("dead-letters", f"{uuid4()}.json").upload_blob(b"[]")

    yield BlobEventDeadLetters(account, poison), poison_real, lose_real
    await account.close()
    await poison.close()


async def test_counts_what_was_given_up_and_each_apart(dead_letters: tuple[DeadLetters, Give, Give]) -> None:
    port, poison, lose = dead_letters
    # Nothing there: the host has not even made the queue.
    assert (await port.count_poison_queue(), await port.count_event_grid()) == (0, 0)
    for _ in range(3):
        await poison()
    await lose()
    await lose()
    assert (await port.count_poison_queue(), await port.count_event_grid()) == (3, 2)


async def test_an_account_that_is_away_is_unavailable(emulators: Stack, unused_tcp_port: int) -> None:
    address = emulators.settings["DATA_STORAGE"].replace(
        emulators.addresses["blob"], f"http://127.0.0.1:{unused_tcp_port}/a"
    )
    away = address.replace("QueueEndpoint=", f"QueueEndpoint=http://127.0.0.1:{unused_tcp_port}/a;Before=")
    account, poison = BlobAccount(away, None), PoisonQueue(away, None)
    port = BlobEventDeadLetters(account, poison)
    with pytest.raises(Unavailable):
        await port.count_poison_queue()
    with pytest.raises(Unavailable):
        await port.count_event_grid()
    await account.close()
    await poison.close()
