"""How the Cosmos DB adapter meets throttling and outages, on the emulator, which makes them on demand."""

import ssl
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.domain.errors import Unavailable
from tests.ports.test_batch_store import a_batch
from tests.ports.test_reference_store import a_reference, entry, one, store
from tests.stacks import Stack


async def ask(stack: Stack, command: str, **body: Any) -> dict[str, int]:
    context = ssl.create_default_context(cafile=stack.settings["SSL_CERT_FILE"])
    url = f"{stack.addresses['cosmos']}/_control/{command}"
    method = "GET" if command == "requests" else "POST"
    async with aiohttp.ClientSession() as session, session.request(method, url, json=body, ssl=context) as response:
        counts: dict[str, int] = await response.json()
        return counts


async def test_a_throttled_request_is_tried_again(emulators: Stack, database: CosmosDatabase) -> None:
    batches = CosmosBatchStore(database)
    await ask(emulators, "throttle", requests=3, retryAfterMs=10)
    batch = a_batch()
    await batches.create(batch)
    assert (await batches.load(batch.id)).batch == batch


async def test_a_batch_throttled_from_within_is_tried_again(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    loaded = await references.add(a_reference())
    await ask(emulators, "throttle", requests=2, retryAfterMs=10, insideBatch=True)
    assert await store(references, entry(1, loaded.id)) == []
    assert len((await one(references, loaded.id)).enhancements or []) == 3


async def test_an_outage_is_unavailable(emulators: Stack, database: CosmosDatabase) -> None:
    await ask(emulators, "fail", requests=50, status=503)
    try:
        with pytest.raises(Unavailable):
            await CosmosReferenceStore(database, 4).missing([uuid4()])
    finally:
        await ask(emulators, "reset")


async def test_a_store_that_is_away_is_unavailable(unused_tcp_port: int) -> None:
    away = CosmosDatabase(f"https://127.0.0.1:{unused_tcp_port}", "eA==", "exchange")
    with pytest.raises(Unavailable):
        await CosmosBatchStore(away).load(uuid4())


async def test_many_ids_and_entries_take_few_requests(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    await ask(emulators, "reset")
    await references.find_missing([uuid4() for _ in range(20_000)])
    counts = await ask(emulators, "requests")
    assert counts["query"] <= 256
    loaded = [(await references.add(a_reference())).id for _ in range(4)]
    await ask(emulators, "reset")
    await store(references, *(entry(number, loaded[number % 4]) for number in range(1000)))
    counts = await ask(emulators, "requests")
    assert counts["batch"] <= 14
    assert counts["write"] == 0
