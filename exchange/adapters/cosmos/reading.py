"""Reading references. One with many enhancements is read in pieces and is never whole in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos import documents
from exchange.adapters.cosmos.database import Item
from exchange.adapters.cosmos.queries import Found, ReferenceQueries
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.errors import NotFound
from exchange.domain.ids import bucket_of
from exchange.domain.paging import (
    EnhancementFilter,
    ReferencePage,
    ReferencePart,
    cut_page,
    make_page,
    make_sort_key,
    sort_newest_first,
)
from exchange.domain.selection import EVERYTHING, Selection

_REFERENCES_PER_QUERY = 100
# If a query has more pages than this, its references are read one by one and in pieces. A page has at most 4 MB.
_MAX_PAGES = 2
# The size of a piece. An item that an older version wrote has no size. It counts as `_UNKNOWN_BYTES`.
_PIECE_BYTES = 1 << 20
_PIECE_ITEMS = 500
_UNKNOWN_BYTES = 4_000
# The models of a group of references up to this size are made without a thread. That takes some 20 ms.
_GROUP_BYTES = 2 << 20
# The size of the enhancements in one answer to a requestor.
_ANSWER_BYTES = 2 << 20


class _Row(NamedTuple):
    """What has to be known of an enhancement to decide when it is read."""

    sort_key: str
    item_id: str
    size: int


class ReferenceReader:
    """Reads references, whole or in pieces."""

    def __init__(self, queries: ReferenceQueries) -> None:
        self._queries = queries

    async def stream(
        self, reference_ids: Iterable[UUID], selection: Selection
    ) -> AsyncIterator[Sequence[ReferencePart]]:
        """Query the references in groups.

        The models of many bytes are made in a thread, because the event loop is shared by all. Those of a usual group
        are made here, one after the other. With a thread for each group, or all of a group at once, which makes the
        garbage collector work more often, a snapshot of 25,000 references took a third longer.
        """
        types = f" OR c.content.enhancement_type IN ({_list_types(selection)})" if selection.enhancements else ""
        text = f"SELECT * FROM c WHERE (c.kind = 'reference'{types}) AND c.reference_id IN "  # noqa: S608 - members of an enum
        async for found in self._queries.run(text, reference_ids, _REFERENCES_PER_QUERY, _MAX_PAGES):
            if found.items is None:
                for reference_id in found.ids:
                    async for part in self._stream_one(reference_id, selection):
                        yield [part]
            elif sum(map(_get_size, found.items)) <= _GROUP_BYTES:
                for reference in documents.to_references(found.items, selection):
                    yield [ReferencePart(reference)]
            else:
                yield await asyncio.to_thread(_make_parts, found.items, selection)

    async def read_page(self, reference_id: UUID, wanted: EnhancementFilter) -> ReferencePage | None:
        """Read all enhancements if they are one page of the store, and only the wanted ones otherwise."""
        text = "SELECT * FROM c WHERE c.kind IN ('reference', 'enhancement') AND c.reference_id IN "
        (found,) = [item async for item in self._queries.run(text, [reference_id], 1, 1)]
        if found.items is not None:
            return await asyncio.to_thread(_cut_page, found, wanted)
        reference = await self._read_own(reference_id, EVERYTHING)
        if reference is None:
            return None
        rows = await self._list_rows(reference_id, EVERYTHING, wanted)
        size, chosen = 0, list[_Row]()
        for row in rows[: wanted.limit]:
            size += row.size
            if chosen and size > _ANSWER_BYTES:
                break
            chosen.append(row)
        items = [item for piece in _split(chosen) for item in await self._read_piece(reference_id, piece)]
        return make_page(reference, items, complete=len(chosen) == len(rows))

    async def _stream_one(self, reference_id: UUID, selection: Selection) -> AsyncIterator[ReferencePart]:
        reference = await self._read_own(reference_id, selection)
        if reference is None:
            return
        first = True
        for piece in _split(await self._list_rows(reference_id, selection)):
            # Empty if the enhancements were deleted meanwhile.
            if items := await self._read_piece(reference_id, piece):
                yield ReferencePart(reference.model_copy(update={"enhancements": items}), first=first, last=False)
                first = False
        yield ReferencePart(reference, first=first)

    async def _read_own(self, reference_id: UUID, selection: Selection) -> Reference | None:
        """Return the reference without its enhancements. None if it does not exist."""
        try:
            with translate_errors("reference"):
                container = await self._queries.container()
                item = await container.read_item(str(reference_id), partition_key=bucket_of(reference_id))
        except NotFound:
            return None
        return next(documents.to_references([item], selection)) if item["kind"] == documents.REFERENCE else None

    async def _list_rows(
        self, reference_id: UUID, selection: Selection, wanted: EnhancementFilter | None = None
    ) -> list[_Row]:
        """Return the rows of the enhancements, newest first."""
        text = (
            "SELECT c.id, c.created_at, c._ts, c.size, c.visibility FROM c "  # noqa: S608 - members of an enum
            f"WHERE c.content.enhancement_type IN ({_list_types(selection)}) AND c.reference_id IN "
        )
        rows: list[_Row] = []
        async for page in self._queries.run_in_bucket(text, [str(reference_id)], bucket_of(reference_id)):
            rows += await asyncio.to_thread(lambda items: list(_make_rows(items, wanted)), page)
        await asyncio.to_thread(rows.sort, reverse=True)
        return rows

    async def _read_piece(self, reference_id: UUID, rows: Sequence[_Row]) -> list[StoredEnhancement]:
        ids = [row.item_id for row in rows]
        text = "SELECT * FROM c WHERE c.kind = 'enhancement' AND c.id IN "
        items: list[Item] = []
        async for page in self._queries.run_in_bucket(text, ids, bucket_of(reference_id)):
            items += page
        return await asyncio.to_thread(lambda: sort_newest_first(map(documents.to_enhancement, items)))


def _list_types(selection: Selection) -> str:
    return ", ".join(f"'{kind}'" for kind in sorted(selection.enhancements))


def _get_size(item: Item) -> int:
    size: int = item.get(documents.SIZE, _UNKNOWN_BYTES)
    return size


def _make_parts(items: Iterable[Item], selection: Selection) -> list[ReferencePart]:
    return [ReferencePart(reference) for reference in documents.to_references(items, selection)]


def _cut_page(found: Found, wanted: EnhancementFilter) -> ReferencePage | None:
    reference = next(documents.to_references(found.items or [], EVERYTHING), None)
    return None if reference is None else cut_page(reference, wanted)


def _make_rows(items: Iterable[Item], wanted: EnhancementFilter | None) -> Iterator[_Row]:
    for item in items:
        time = item.get("created_at")
        created_at = datetime.fromtimestamp(item["_ts"], UTC) if time is None else datetime.fromisoformat(time)
        sort_key = make_sort_key(created_at, item["id"])
        if wanted is None or wanted.accepts(item["visibility"], sort_key):
            yield _Row(sort_key, item["id"], _get_size(item))


def _split(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Split the rows into pieces of bounded size, at least one row in each."""
    piece: list[_Row] = []
    size = 0
    for row in rows:
        if piece and (len(piece) == _PIECE_ITEMS or size + row.size > _PIECE_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += row.size
    if piece:
        yield piece
