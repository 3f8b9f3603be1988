"""A reference has room for a limited number of enhancements and bytes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID, uuid4

import pytest

from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.contract.references import ReferenceFileInput
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, Unavailable
from exchange.domain.ids import bucket_of, new_id
from exchange.domain.loading import make_reference
from exchange.domain.room import Room
from exchange.ports import ReferenceStore
from tests.fakes import FakeReferenceStore
from tests.ports.test_cosmos_outages import control
from tests.ports.test_reference_store import LOADED_AT, a_reference, create, entry, store
from tests.references import read_one
from tests.stacks import Stack

ROOM = Room(10, 1_000_000)
REASON = "the store has no room for this reference, which may have at most 10 enhancements and 1000000 bytes"
# `create` stores a reference with two enhancements.
FREE = 8


@pytest.fixture
def open_store(kind: str, request: pytest.FixtureRequest) -> Callable[[Room], ReferenceStore]:
    """Open the same store with some room for each reference."""
    fake = FakeReferenceStore()

    def open_with(room: Room) -> ReferenceStore:
        if kind == "fake":
            fake.room = room
            return fake
        return CosmosReferenceStore(request.getfixturevalue("database"), 8, room)

    return open_with


@pytest.fixture
def references(open_store: Callable[[Room], ReferenceStore]) -> ReferenceStore:
    return open_store(ROOM)


async def count(references: ReferenceStore, reference_id: UUID) -> int:
    return len((await read_one(references, reference_id)).enhancements or [])


async def test_only_what_a_reference_has_no_room_for_is_refused(references: ReferenceStore) -> None:
    reference_id, other_id = await create(references), await create(references)
    entries = [entry(number, reference_id) for number in range(1, 16)]
    others = [entry(number, other_id) for number in range(101, 104)]
    refused = await store(references, *entries[:9], *others, *entries[9:])
    assert refused == [Refusal(number, REASON) for number in range(FREE + 1, 16)]
    assert (await count(references, reference_id), await count(references, other_id)) == (10, 5)


async def test_repeating_a_chunk_that_fills_a_reference_refuses_the_same_entries(references: ReferenceStore) -> None:
    reference_id = await create(references)
    entries = [entry(number, reference_id) for number in range(1, 12)]
    refused = await store(references, *entries)
    for _ in range(2):
        assert await store(references, *entries) == refused
    assert [refusal.entry for refusal in refused] == [9, 10, 11]
    assert await count(references, reference_id) == 10


async def test_a_full_reference_stays_full_until_its_room_grows(
    references: ReferenceStore, open_store: Callable[[Room], ReferenceStore]
) -> None:
    reference_id = await create(references)
    await store(references, *(entry(number, reference_id) for number in range(1, 12)))
    late = entry(12, reference_id)
    assert await store(references, late) == [Refusal(12, REASON)]
    assert await store(open_store(Room(12, 1_000_000)), late) == []
    assert await count(references, reference_id) == 11


async def test_the_bytes_of_a_reference_are_limited_too(references: ReferenceStore) -> None:
    reference_id = await create(references)
    large = [entry(number, reference_id, source="x" * 300_000) for number in range(1, 6)]
    entries = [AcceptedEntry(item.entry, item.enhancement, 300_500) for item in large]
    assert [refusal.entry for refusal in await store(references, *entries)] == [4, 5]
    assert await count(references, reference_id) == 5


async def test_a_reference_with_too_many_enhancements_is_not_created(references: ReferenceStore) -> None:
    one = a_reference().model_dump(mode="json")
    enhancements = [{**one["enhancements"][0], "source": f"source {number}"} for number in range(11)]
    loaded = ReferenceFileInput.model_validate({**one, "enhancements": enhancements})
    reference = make_reference(new_id(), loaded, LOADED_AT)
    with pytest.raises(InputRejected, match="cannot be stored: the store has no room for this reference"):
        await references.create(reference)
    assert await references.find_missing([reference.id]) == {reference.id}
    await references.create(reference.model_copy(update={"enhancements": (reference.enhancements or [])[:10]}))
    assert await count(references, reference.id) == 10


async def test_a_load_adds_nothing_to_a_full_reference(references: ReferenceStore) -> None:
    reference_id = await create(references)
    known = (await read_one(references, reference_id)).enhancements or []
    await store(references, *(entry(number, reference_id) for number in range(1, FREE + 1)))
    added = [known[0].model_copy(update={"id": new_id()})]
    with pytest.raises(InputRejected, match="cannot be stored: the store has no room for this reference"):
        await references.add_enhancements(added)
    later = make_reference(reference_id, a_reference(), LOADED_AT + 60).enhancements or []
    assert await references.add_enhancements(later) == 0
    assert await count(references, reference_id) == 10


async def test_imports_at_the_same_time_mark_their_references(database: CosmosDatabase) -> None:
    stores = [CosmosReferenceStore(database, 4, ROOM) for _ in range(3)]
    loaded = [await create(references) for references in stores]
    chunks = [[entry(number, item) for number in range(1, 12)] for item in loaded]
    await asyncio.gather(*(store(references, *chunk) for references, chunk in zip(stores, chunks, strict=True)))
    late = [entry(number, item) for number, item in enumerate(loaded)]
    refused = await store(stores[0], *late)
    assert sorted(refusal.entry for refusal in refused) == [0, 1, 2]


async def test_a_full_reference_costs_no_more_requests_than_before(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4, ROOM)
    reference_id = await create(references)
    await store(references, *(entry(number, reference_id) for number in range(1, 12)))
    await control(emulators, "reset")
    assert len(await store(references, *(entry(number, reference_id) for number in range(1_000)))) == 1_000
    counts = await control(emulators, "requests")
    # 1,000 entries would be ten transactions.
    assert counts["query"] + counts["read"] <= 3
    assert counts["batch"] + counts["write"] == 0


async def test_an_import_with_much_room_reads_one_item_more(emulators: Stack, database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4, Room(10**9, 10**12))
    loaded = [await create(references) for _ in range(4)]
    await control(emulators, "reset")
    await store(references, *(entry(number, loaded[number % 4]) for number in range(1_000)))
    assert (await control(emulators, "requests"))["query"] == 0
    assert (await control(emulators, "requests"))["read"] == 1


@pytest.fixture
async def full_partition(emulators: Stack, database: CosmosDatabase) -> AsyncIterator[UUID]:
    """A reference whose logical partition is full."""
    reference_id = await create(CosmosReferenceStore(database, 4))
    await control(emulators, "fill", partition=bucket_of(reference_id))
    yield reference_id
    await control(emulators, "reset")


async def test_a_full_partition_refuses_entries_instead_of_failing(
    database: CosmosDatabase, full_partition: UUID
) -> None:
    references = CosmosReferenceStore(database, 4)
    other_id = UUID(f"{(int(bucket_of(full_partition), 16) + 1) % 256:02x}{str(uuid4())[2:]}")
    entries = [entry(number, full_partition) for number in range(150)]
    refused = await store(references, *entries, entry(200, other_id))
    reason = "the store has no room for this reference"
    assert sorted(refused, key=lambda item: item.entry) == [Refusal(number, reason) for number in range(150)]


async def test_a_full_partition_refuses_what_is_loaded(database: CosmosDatabase, full_partition: UUID) -> None:
    references = CosmosReferenceStore(database, 4)
    no_room = pytest.raises(InputRejected, match="cannot be stored: the store has no room for this reference\\.")
    known = (await read_one(references, full_partition)).enhancements or []
    in_bucket = UUID(f"{bucket_of(full_partition)}{str(uuid4())[2:]}")
    with no_room:
        await references.add_enhancements([known[0].model_copy(update={"id": new_id()})])
    with no_room:
        await references.create(make_reference(in_bucket, a_reference(), LOADED_AT))
    with no_room:
        await references.create(make_reference(in_bucket, ReferenceFileInput(), LOADED_AT))
    with no_room:
        await references.forbid(in_bucket)


async def test_an_outage_while_a_reference_is_counted_raises_unavailable(
    emulators: Stack, database: CosmosDatabase
) -> None:
    references = CosmosReferenceStore(database, 4, ROOM)
    reference_id = await create(references)
    await control(emulators, "fail", requests=50, status=503)
    try:
        with pytest.raises(Unavailable):
            await store(references, entry(1, reference_id))
    finally:
        await control(emulators, "reset")
