"""What every GivenUp does."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from azure.core.exceptions import ResourceExistsError

from functions.adapters.blobs import BlobAccount
from functions.adapters.given_up import GivenUpUploads, PoisonQueue
from functions.domain.errors import Unavailable
from functions.ports import GivenUp
from tests.fakes import FakeGivenUp
from tests.stacks import Stack

Give = Callable[[], Awaitable[None]]


@pytest.fixture
async def given_up(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[GivenUp, Give, Give]]:
    """Give the port, and what poisons an event, and what leaves one undelivered."""
    if kind == "fake":
        fake = FakeGivenUp()

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

    yield GivenUpUploads(account, poison), poison_real, lose_real
    await account.close()
    await poison.close()


async def test_counts_what_was_given_up_and_each_apart(given_up: tuple[GivenUp, Give, Give]) -> None:
    port, poison, lose = given_up
    # Nothing there: the host has not even made the queue.
    assert (await port.poisoned(), await port.undelivered()) == (0, 0)
    for _ in range(3):
        await poison()
    await lose()
    await lose()
    assert (await port.poisoned(), await port.undelivered()) == (3, 2)


async def test_an_account_that_is_away_is_unavailable(emulators: Stack, unused_tcp_port: int) -> None:
    address = emulators.settings["DATA_STORAGE"].replace(
        emulators.addresses["blob"], f"http://127.0.0.1:{unused_tcp_port}/a"
    )
    away = address.replace("QueueEndpoint=", f"QueueEndpoint=http://127.0.0.1:{unused_tcp_port}/a;Before=")
    account, poison = BlobAccount(away, None), PoisonQueue(away, None)
    port = GivenUpUploads(account, poison)
    with pytest.raises(Unavailable):
        await port.poisoned()
    with pytest.raises(Unavailable):
        await port.undelivered()
    await account.close()
    await poison.close()
