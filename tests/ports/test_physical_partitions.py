"""References in several physical partitions. The emulator splits them on request."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from azure.cosmos.aio import CosmosClient

from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.domain.ids import new_id
from local.azure_resources import make_container_properties, read_topology
from tests.ports.test_cosmos_outages import control
from tests.ports.test_reference_store import create, entry, store
from tests.references import read_all, read_one
from tests.stacks import Stack

MAX_CONCURRENT = 4


class Partitioned:
    """A database of its own, whose container of references has several physical partitions."""

    def __init__(self, stack: Stack, database: CosmosDatabase, name: str) -> None:
        self.references = CosmosReferenceStore(database, MAX_CONCURRENT)
        self._stack = stack
        self._name = name

    async def split(self) -> None:
        """Split every physical partition into two."""
        await control(self._stack, "split", database=self._name, container="references")

    async def count_queries(self) -> int:
        """Return the number of queries since the last call."""
        counts = await control(self._stack, "requests")
        await control(self._stack, "reset")
        return counts["query"]

    async def read_ids(self, reference_ids: list[UUID]) -> list[UUID]:
        """Return the ids of the references that are read, in order."""
        return sorted([item.id for item in await read_all(self.references, reference_ids)])


@pytest.fixture
async def partitioned(emulators: Stack) -> AsyncIterator[Partitioned]:
    name = f"database-{uuid4()}"
    endpoint, key = emulators.settings["COSMOS_ENDPOINT"], emulators.settings["COSMOS_KEY"]
    async with CosmosClient(endpoint, key) as client:
        created = await client.create_database(name)
        for container in read_topology()["cosmos"]["containers"]:
            await created.create_container(container["name"], **make_container_properties(container))
    database = CosmosDatabase(endpoint, key, name)
    partitioned = Partitioned(emulators, database, name)
    await partitioned.split()
    await partitioned.split()
    yield partitioned
    await database.close()


async def load(references: CosmosReferenceStore, count: int) -> list[UUID]:
    return sorted([await create(references) for _ in range(count)])


async def test_references_of_all_partitions_are_found(partitioned: Partitioned) -> None:
    loaded, unknown = await load(partitioned.references, 60), {uuid4() for _ in range(60)}
    assert await partitioned.references.find_missing([*loaded, *unknown]) == unknown
    assert await partitioned.read_ids([*loaded, *unknown]) == loaded


async def test_a_small_batch_needs_one_query_for_each_partition(partitioned: Partitioned) -> None:
    loaded = await load(partitioned.references, 60)
    await partitioned.count_queries()
    await partitioned.references.find_missing(loaded)
    assert await partitioned.count_queries() == 4
    await partitioned.read_ids(loaded)
    assert await partitioned.count_queries() == 4


async def test_a_large_batch_needs_a_query_for_each_500_ids(partitioned: Partitioned) -> None:
    await partitioned.count_queries()
    await partitioned.references.find_missing([uuid4() for _ in range(10_000)])
    assert 20 <= await partitioned.count_queries() <= 20 + 4
    # One bucket, and so one partition.
    await partitioned.references.find_missing([UUID(f"00{uuid4().hex[2:]}") for _ in range(1_000)])
    assert await partitioned.count_queries() == 2


async def test_a_split_between_two_reads_is_noticed(partitioned: Partitioned) -> None:
    loaded = await load(partitioned.references, 30)
    assert await partitioned.read_ids(loaded) == loaded
    await partitioned.split()
    await partitioned.count_queries()
    assert await partitioned.read_ids(loaded) == loaded
    # Each of the four known partitions is now two. The first query to each is refused because it is gone.
    assert await partitioned.count_queries() > 2 * 4
    assert await partitioned.references.find_missing(loaded) == set()


async def test_a_reference_with_more_enhancements_than_a_page_is_read_whole(partitioned: Partitioned) -> None:
    (reference_id,) = await load(partitioned.references, 1)
    await store(partitioned.references, *(entry(number, reference_id) for number in range(1_200)))
    await partitioned.count_queries()
    found = await read_one(partitioned.references, reference_id)
    assert len(found.enhancements or []) == 1_202
    assert await partitioned.count_queries() == 2


async def test_enhanced_references_are_found_by_one_query_for_each_partition(partitioned: Partitioned) -> None:
    loaded, robot = await load(partitioned.references, 40), new_id()
    entries = [
        entry(number, item, robot_id=str(robot), robot_version=str(number % 2)) for number, item in enumerate(loaded)
    ]
    await store(partitioned.references, *entries)
    await partitioned.count_queries()
    assert await partitioned.references.find_enhanced(loaded, robot, "1") == set(loaded[1::2])
    assert await partitioned.count_queries() == 4


async def test_a_reference_with_more_enhancements_of_a_robot_than_a_page_is_found(partitioned: Partitioned) -> None:
    (reference_id,), robot = await load(partitioned.references, 1), new_id()
    entries = [entry(number, reference_id, robot_id=str(robot), robot_version=str(number)) for number in range(1_200)]
    await store(partitioned.references, *entries)
    for version in ("0", "1199"):
        assert await partitioned.references.find_enhanced([reference_id], robot, version) == {reference_id}
    assert await partitioned.references.find_enhanced([reference_id], robot, "1200") == set()
