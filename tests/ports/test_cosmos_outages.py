"""Throttling and outages of Cosmos DB. The emulator simulates them on request."""

import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import aiohttp
import pytest
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.claims import CosmosIdentifierClaims
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.adapters.cosmos.robots import CosmosRobotStore
from exchange.contract.references import Reference
from exchange.domain.errors import Unavailable
from exchange.domain.ids import new_id
from tests.faults.proxy import Proxy
from tests.ports.test_batch_store import a_batch
from tests.ports.test_reference_store import create, entry, store
from tests.ports.test_robot_store import a_robot
from tests.references import read_one
from tests.stacks import Stack


async def control(stack: Stack, command: str, **body: Any) -> dict[str, int]:
    context = ssl.create_default_context(cafile=stack.settings["SSL_CERT_FILE"])
    url = f"{stack.addresses['cosmos']}/_control/{command}"
    method = "GET" if command == "requests" else "POST"
    async with aiohttp.ClientSession() as session, session.request(method, url, json=body, ssl=context) as response:
        counts: dict[str, int] = await response.json()
        return counts


async def test_a_throttled_request_is_retried(emulators: Stack, database: CosmosDatabase) -> None:
    batches = CosmosBatchStore(database)
    await control(emulators, "throttle", requests=3, retryAfterMs=10)
    batch = a_batch()
    await batches.create(batch)
    assert (await batches.load(batch.id)).batch == batch


async def test_a_throttled_transaction_is_retried(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    reference_id = await create(references)
    await control(emulators, "throttle", requests=2, retryAfterMs=10, insideBatch=True)
    assert await store(references, entry(1, reference_id)) == []
    assert len((await read_one(references, reference_id)).enhancements or []) == 3


async def test_an_outage_raises_unavailable(emulators: Stack, database: CosmosDatabase) -> None:
    await control(emulators, "fail", requests=50, status=503)
    try:
        with pytest.raises(Unavailable):
            await CosmosReferenceStore(database, 4).find_missing([uuid4()])
    finally:
        await control(emulators, "reset")


async def test_a_refused_connection_raises_unavailable(unused_tcp_port: int) -> None:
    database = CosmosDatabase(f"https://127.0.0.1:{unused_tcp_port}", "eA==", "exchange")
    with pytest.raises(Unavailable):
        await CosmosBatchStore(database).load(uuid4())


@pytest.fixture
async def proxy(emulators: Stack) -> AsyncIterator[Proxy]:
    proxy = Proxy(urlsplit(emulators.settings["COSMOS_ENDPOINT"]).port or 0)
    await proxy.start()
    yield proxy
    await proxy.close()


@pytest.fixture
async def proxied(proxy: Proxy, emulators: Stack) -> AsyncIterator[CosmosDatabase]:
    """Connect through the proxy, and read once, so that the next request needs no new connection."""
    settings = emulators.settings
    database = CosmosDatabase(f"https://127.0.0.1:{proxy.port}", settings["COSMOS_KEY"], settings["COSMOS_DATABASE"])
    for name in ("batches", "identifiers", "references", "robots"):
        container = await database.container(name)
        with suppress(CosmosResourceNotFoundError):
            await container.read_item("none", partition_key="none")
    yield database
    await database.close()


# The SDK repeats a request whose connection broke. The first one was applied, so the second one gets a conflict.
async def test_a_batch_is_created_although_the_response_is_lost(proxied: CosmosDatabase, proxy: Proxy) -> None:
    batches, batch = CosmosBatchStore(proxied), a_batch()
    proxy.lose_next_response()
    await batches.create(batch)
    assert (await batches.load(batch.id)).batch == batch


async def test_a_robot_is_created_although_the_response_is_lost(proxied: CosmosDatabase, proxy: Proxy) -> None:
    robots, robot = CosmosRobotStore(proxied), a_robot()
    proxy.lose_next_response()
    assert await robots.create(robot) == 1
    assert (await robots.load(robot.id)).robot == robot


async def test_a_reference_is_created_although_the_response_is_lost(proxied: CosmosDatabase, proxy: Proxy) -> None:
    references = CosmosReferenceStore(proxied, 4)
    reference = Reference(id=new_id())
    proxy.lose_next_response()
    await references.create(reference)
    assert await references.find_missing([reference.id]) == set()


async def test_a_claim_is_written_although_the_response_is_lost(proxied: CosmosDatabase, proxy: Proxy) -> None:
    claims, key, owner = CosmosIdentifierClaims(proxied), uuid4().hex, new_id()
    proxy.lose_next_response()
    first = await claims.claim(key, new_id(), None)
    proxy.lose_next_response()
    second = await claims.claim(key, owner, first)
    assert second is not None
    assert await claims.read([key]) == [second]
    await claims.release(second)
    assert await claims.read([key]) == []


async def test_many_ids_and_entries_need_few_requests(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    await control(emulators, "reset")
    await references.find_missing([uuid4() for _ in range(20_000)])
    counts = await control(emulators, "requests")
    assert counts["query"] <= 256
    loaded = [await create(references) for _ in range(4)]
    await control(emulators, "reset")
    await store(references, *(entry(number, loaded[number % 4]) for number in range(1000)))
    counts = await control(emulators, "requests")
    assert counts["batch"] <= 14
    assert counts["write"] == 0
