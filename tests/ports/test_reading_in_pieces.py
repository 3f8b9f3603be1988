"""References with more enhancements than one page of the store are read in pieces."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.queries import PAGE_ITEMS
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.domain.chunks import AcceptedEntry
from exchange.domain.ids import bucket_of, new_id
from exchange.domain.paging import EnhancementFilter, ReferencePage, ReferencePart
from exchange.domain.selection import EVERYTHING
from exchange.ports import ReferenceStore
from tests.ports.test_reference_store import create, entry, store
from tests.references import read_all, read_one

MANY = 2 * PAGE_ITEMS + 300
# `create` stores a reference with two enhancements, which were added in 2027.
LOADED = 2


def make_time(number: int) -> str:
    return f"2040-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"


async def add_many(references: ReferenceStore, reference_id: UUID, count: int) -> list[str]:
    """Add enhancements, every third of them hidden. Return their ids, newest first."""
    entries = [
        entry(number, reference_id, created_at=make_time(number), visibility="public" if number % 3 else "hidden")
        for number in range(count)
    ]
    assert await store(references, *entries) == []
    return [item.enhancement["id"] for item in reversed(entries)]


async def read_page(references: ReferenceStore, reference_id: UUID, wanted: EnhancementFilter) -> ReferencePage:
    page = await references.read_page(reference_id, wanted)
    assert page is not None
    return page


async def read_pages(
    references: ReferenceStore, reference_id: UUID, limit: int, *, include_hidden: bool = True
) -> AsyncIterator[list[str]]:
    """Yield the ids of each page."""
    continuation = None
    while True:
        page = await read_page(references, reference_id, EnhancementFilter(limit, continuation, include_hidden))
        assert page.reference.id == reference_id
        assert len(page.reference.identifiers or []) == 1
        yield [str(item.id) for item in page.reference.enhancements or []]
        continuation = page.continuation
        if continuation is None:
            return


@pytest.mark.parametrize(("count", "limit"), [(0, 1), (0, 2), (5, 3), (12, 14), (MANY, 1_000)])
async def test_the_pages_have_each_enhancement_once_and_newest_first(
    references: ReferenceStore, count: int, limit: int
) -> None:
    reference_id = await create(references)
    added = await add_many(references, reference_id, count)
    pages = [page async for page in read_pages(references, reference_id, limit)]
    ids = [item for page in pages for item in page]
    assert ids[:count] == added
    assert len(set(ids)) == len(ids) == count + LOADED
    assert [len(page) for page in pages[:-1]] == [limit] * ((count + LOADED - 1) // limit)


@pytest.mark.parametrize("count", [10, MANY])
async def test_hidden_enhancements_are_left_out_before_pages_are_cut(references: ReferenceStore, count: int) -> None:
    reference_id = await create(references)
    await add_many(references, reference_id, count)
    pages = [page async for page in read_pages(references, reference_id, 1_000, include_hidden=False)]
    assert len([item for page in pages for item in page]) == LOADED + count - (count + 2) // 3
    assert all(len(page) == 1_000 for page in pages[:-1])


async def test_an_enhancement_that_is_added_between_two_pages_is_not_on_the_second(references: ReferenceStore) -> None:
    reference_id = await create(references)
    added = await add_many(references, reference_id, 4)
    first = await read_page(references, reference_id, EnhancementFilter(3))
    await store(references, entry(9, reference_id, created_at=make_time(9)))
    second = await read_page(references, reference_id, EnhancementFilter(3, first.continuation))
    assert next(str(item.id) for item in second.reference.enhancements or []) == added[3]
    assert second.continuation is None


async def test_a_page_of_an_unknown_reference_is_none(references: ReferenceStore) -> None:
    assert await references.read_page(new_id(), EnhancementFilter(3)) is None
    forbidden = new_id()
    await references.forbid(forbidden)
    assert await references.read_page(forbidden, EnhancementFilter(3)) is None


async def test_a_reference_with_many_enhancements_is_streamed_between_others(references: ReferenceStore) -> None:
    large = await create(references)
    added = await add_many(references, large, MANY)
    # Of the same bucket, so that one query has them all.
    others = [await create(references) for _ in range(3)]
    found = {item.id: item for item in await read_all(references, [others[0], large, *others[1:]])}
    assert set(found) == {large, *others}
    assert [str(item.id) for item in found[large].enhancements or []][:MANY] == added
    assert all(len(found[item].enhancements or []) == LOADED for item in others)


async def list_parts(references: ReferenceStore, reference_id: UUID) -> list[ReferencePart]:
    return [part async for parts in references.stream([reference_id], EVERYTHING) for part in parts]


async def test_the_parts_and_pages_of_a_large_reference_have_a_bounded_size(database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    reference_id = await create(references)
    entries = [entry(number, reference_id, source="x" * 200_000) for number in range(60)]
    assert await store(references, *(AcceptedEntry(item.entry, item.enhancement, 200_500) for item in entries)) == []
    parts = await list_parts(references, reference_id)
    assert max(len(part.to_jsonl()) for part in parts) < 1_100_000
    (line,) = b"".join(part.to_jsonl() for part in parts).splitlines()
    assert len(json.loads(line)["enhancements"]) == 60 + LOADED
    page = await read_page(references, reference_id, EnhancementFilter(1_000))
    assert 1_500_000 < len(page.reference.model_dump_json()) < 2_200_000
    pages = [page async for page in read_pages(references, reference_id, 1_000)]
    assert sum(map(len, pages)) == 60 + LOADED


async def test_a_large_reference_without_enhancements_of_the_selected_types_is_one_part(
    database: CosmosDatabase,
) -> None:
    """Its enhancements were deleted after the first query."""
    references = CosmosReferenceStore(database, 4)
    reference_id = new_id()
    reader = references._reader
    assert [part async for part in reader._stream_one(reference_id, EVERYTHING)] == []
    reference_id = await create(references)
    for item in (await read_one(references, reference_id)).enhancements or []:
        container = await database.container("references")
        await container.delete_item(str(item.id), partition_key=bucket_of(reference_id))
    (part,) = [part async for part in reader._stream_one(reference_id, EVERYTHING)]
    assert (part.first, part.last, part.reference.enhancements) == (True, True, [])


async def test_items_of_an_older_version_are_read_in_pieces_too(database: CosmosDatabase) -> None:
    references = CosmosReferenceStore(database, 4)
    reference_id = await create(references)
    added = await add_many(references, reference_id, MANY)
    container = await database.container("references")
    for item_id in added[:3]:
        item = await container.read_item(item_id, partition_key=bucket_of(reference_id))
        await container.replace_item(item_id, {key: item[key] for key in item if key not in {"created_at", "size"}})
    pages = [page async for page in read_pages(references, reference_id, 1_000)]
    ids = [item for page in pages for item in page]
    assert len(set(ids)) == len(ids) == MANY + LOADED
    # Their time is that of the last write, which is before 2040.
    assert set(ids[-5:]) >= set(added[:3])
    streamed = (await read_one(references, reference_id)).enhancements or []
    assert [str(item.id) for item in streamed] == ids
