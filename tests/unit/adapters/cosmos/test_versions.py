"""Every stored item carries its schema version, and no reader accepts an item of a newer version."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from azure.core.async_paging import AsyncItemPaged, AsyncList
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.claims import CosmosIdentifierClaims
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.adapters.cosmos.robots import CosmosRobotStore
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, SCHEMA_VERSION, check_version
from exchange.contract.identifiers import OtherIdentifier
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import Robot
from exchange.domain.chunks import AcceptedEntry
from exchange.domain.division import Division, Part, Range
from exchange.domain.errors import Unavailable
from exchange.domain.id_list import IdList
from exchange.domain.identifier_keys import make_key
from exchange.domain.listing import BatchFilter
from exchange.domain.loading import make_reference
from exchange.ports import StoredRobot
from tests.references import read_all
from tests.results import annotation
from tests.unit.adapters import cosmos_errors
from tests.unit.domain.batches import a_batch

IDENTIFIER = OtherIdentifier(identifier="7", identifier_type="other", other_identifier_name="n")
KEY = make_key(IDENTIFIER)
REFERENCE = ReferenceFileInput.model_validate(
    {
        "identifiers": [IDENTIFIER.model_dump()],
        "enhancements": [
            {
                "source": "s",
                "visibility": "public",
                "enhancement_type": "bibliographic",
                "content": {"enhancement_type": "bibliographic", "title": "T"},
            }
        ],
    }
)
ROBOT = Robot(id=uuid4(), name="r", base_url="https://robot.example", description="", owner="")
BATCH = a_batch(due_at=1.0)


class Container:
    """Keeps items by id, with the calls of the SDK that the adapters use. A query returns every item."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    async def create_item(self, item: Item) -> Item:
        self.items[item["id"]] = item
        return {**item, "_etag": "e"}

    async def replace_item(self, item_id: str, item: Item, **_: Any) -> Item:
        self.items[item_id] = item
        return {**item, "_etag": "next"}

    async def read_item(self, item_id: str, partition_key: str) -> Item:
        assert partition_key
        if item_id not in self.items:
            raise cosmos_errors.make(CosmosResourceNotFoundError, 404, "not found")
        return {**self.items[item_id], "_etag": "e", "_ts": 0}

    async def read_feed_ranges(self) -> AsyncIterator[dict[str, Any]]:
        yield {}

    async def feed_range_from_partition_key(self, _partition_key: str) -> dict[str, Any]:
        return {}

    async def is_feed_range_subset(self, _parent: dict[str, Any], _child: dict[str, Any]) -> bool:
        return True

    def query_items(self, _query: str, **_: Any) -> AsyncItemPaged[Item]:
        async def read_page(_after: str | None) -> list[Item]:
            return list(self.items.values())

        async def read_items(found: list[Item]) -> tuple[None, AsyncIterator[Item]]:
            return None, AsyncList(found)

        return AsyncItemPaged(read_page, read_items)

    async def execute_item_batch(self, operations: list[tuple[str, tuple[Item]]], partition_key: str) -> None:
        for _, (item,) in operations:
            assert item["bucket"] == partition_key
            self.items[item["id"]] = item


class Stores:
    """The stores on containers in memory."""

    def __init__(self) -> None:
        self.containers = {name: Container() for name in ("batches", "robots", "references", "identifiers")}
        database = cast("CosmosDatabase", self)
        self.batches = CosmosBatchStore(database)
        self.robots = CosmosRobotStore(database)
        self.references = CosmosReferenceStore(database, 1)
        self.claims = CosmosIdentifierClaims(database)
        self.reference_id = UUID(int=0)

    async def container(self, name: str) -> Container:
        return self.containers[name]

    async def write_all(self) -> None:
        """Write items of every kind."""
        await self.batches.create(BATCH)
        await self.robots.create(ROBOT)
        reference = make_reference(uuid4(), REFERENCE, 0.0)
        await self.references.create(reference)
        self.reference_id = reference.id
        await self.claims.claim(KEY, reference.id, None)
        enhancement = {**annotation(self.reference_id), "id": str(uuid4()), "created_at": "2027-01-15T08:00:00Z"}
        async for refused in self.references.import_entries([AcceptedEntry(1, enhancement, 500)]):
            assert refused == []


@pytest.fixture
async def stores() -> Stores:
    stores = Stores()
    await stores.write_all()
    return stores


async def test_every_created_item_carries_the_schema_version(stores: Stores) -> None:
    for name, count in (("batches", 1), ("robots", 1), ("references", 3), ("identifiers", 1)):
        items = list(stores.containers[name].items.values())
        assert [item[FIELD] for item in items] == [FIRST_VERSION] * count, name
    kinds = [item["kind"] for item in stores.containers["references"].items.values()]
    assert sorted(kinds) == ["enhancement", "enhancement", "reference"]


async def test_every_replaced_item_carries_the_schema_version(stores: Stores) -> None:
    for name in ("batches", "robots"):
        (item,) = stores.containers[name].items.values()
        del item[FIELD]
    await stores.batches.replace(BATCH, "e")
    await stores.robots.replace(StoredRobot(ROBOT, 2, "e"))
    for name in ("batches", "robots"):
        (item,) = stores.containers[name].items.values()
        assert item[FIELD] == FIRST_VERSION


async def test_only_batches_that_older_code_would_misread_have_the_new_version(stores: Stores) -> None:
    """Code of the first version would send all references to the robot in one job, or none of an uploaded list."""
    part = Part(of=BATCH.id, number=1, range=Range(start=0, count=1), holder=uuid4())
    unread = IdList(upload=uuid4(), etag="e")
    for batch in (
        a_batch(division=Division(size=1)),
        a_batch(part=part),
        a_batch(id_list=unread),
        a_batch(id_list=replace(unread, read_at=1.0)),
    ):
        await stores.batches.create(batch)
        await stores.batches.replace(batch, "e")
    versions = [item[FIELD] for item in stores.containers["batches"].items.values()]
    assert versions == [FIRST_VERSION, SCHEMA_VERSION, SCHEMA_VERSION, SCHEMA_VERSION, FIRST_VERSION]


async def list_references(stores: Stores) -> list[UUID]:
    return [reference.id for reference in await read_all(stores.references, [stores.reference_id])]


READS: dict[str, tuple[str, Callable[[Stores], Awaitable[object]]]] = {
    "load a batch": ("batches", lambda stores: stores.batches.load(BATCH.id)),
    "list batches": ("batches", lambda stores: stores.batches.list_page(BatchFilter(), 10, None)),
    "load a robot": ("robots", lambda stores: stores.robots.load(ROBOT.id)),
    "list robots": ("robots", lambda stores: stores.robots.list_all()),
    "read references": ("references", list_references),
    "read claims": ("identifiers", lambda stores: stores.claims.read([KEY])),
}


@pytest.mark.parametrize("name", READS)
async def test_an_item_of_a_newer_schema_version_is_unavailable(stores: Stores, name: str) -> None:
    container, read = READS[name]
    assert await read(stores)
    for item in stores.containers[container].items.values():
        item[FIELD] = SCHEMA_VERSION + 1
    with pytest.raises(Unavailable, match=f"has schema version {SCHEMA_VERSION + 1}"):
        await read(stores)


async def test_one_enhancement_of_a_newer_schema_version_is_enough(stores: Stores) -> None:
    enhancements = [item for item in stores.containers["references"].items.values() if item["kind"] == "enhancement"]
    enhancements[0][FIELD] = SCHEMA_VERSION + 1
    with pytest.raises(Unavailable):
        await list_references(stores)


@pytest.mark.parametrize("item", [{"id": "1", FIELD: SCHEMA_VERSION}, {"id": "1", FIELD: FIRST_VERSION}, {"id": "1"}])
def test_an_item_of_a_known_schema_version_or_without_one_is_returned_unchanged(item: Item) -> None:
    before = dict(item)
    assert check_version(item) is item
    assert item == before
