"""How much one reference has in the store, and which references have no room left.

To count before each write would double the requests of an import. So an import counts at random: the chance of an entry
to have its reference counted is `_CHECKS` times its share of the limit. On average a reference is counted once before
it gets a further sixteenth of the limit, however the entries are spread over results and batches, and no robot can know
which ones are counted. A reference that was found full is marked in one item, which every import reads.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_create_errors, translate_errors
from exchange.adapters.cosmos import documents
from exchange.adapters.cosmos.database import Item
from exchange.adapters.cosmos.queries import ReferenceQueries
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.domain.chunks import AcceptedEntry
from exchange.domain.errors import InputRejected, NameTaken, NotFound, WriteConflict
from exchange.domain.ids import bucket_of
from exchange.domain.room import NO_ROOM, Room

_CHECKS = 16
_REFERENCES_PER_COUNT = 100
_IDS_PER_QUERY = 500
_COUNT = "SELECT c.id, c.reference_id, c.size FROM c WHERE c.kind = 'enhancement' AND c.reference_id IN "
_EXISTING = "SELECT c.id, c.reference_id FROM c WHERE c.kind = 'enhancement' AND c.id IN "

# The item with the marks has a partition of its own: no bucket has this name.
_MARKS = "full"
# So many marks fit into an item. The oldest are dropped: their references are found full again.
_MAX_MARKS = 20_000
_ATTEMPTS = 5


class Place(NamedTuple):
    """The index of an entry, the length of its item in bytes, and its reference."""

    number: int
    size: int
    reference_id: str


@dataclass(slots=True)
class _Stored:
    """What a reference has in the store, and which of the ids in question exist already."""

    entries: int = 0
    size: int = 0
    existing: set[str] = field(default_factory=set)


class StoreRoom:
    """Refuses what exceeds the room of a reference."""

    def __init__(self, queries: ReferenceQueries, room: Room) -> None:
        self._queries = queries
        self._room = room
        self._chance_by_entry = _CHECKS / room.max_entries
        self._chance_by_byte = _CHECKS / room.max_bytes

    @property
    def refusal(self) -> str:
        """The reason for a refusal."""
        return f"{NO_ROOM}, which may have at most {self._room}"

    def is_counted(self, size: int) -> bool:
        """Decide at random whether the reference of an entry of this size is counted."""
        drawn = random.random()  # noqa: S311 - not a secret: it only must not be known in advance  # nosec B311
        return drawn < self._chance_by_entry or drawn < size * self._chance_by_byte

    async def check(self, reference_id: UUID, items: Sequence[Item]) -> None:
        """Raise InputRejected if the reference has no room for those of these items that do not exist yet."""
        ids = {item["id"] for item in items}
        stored = (await self._count([str(reference_id)], ids))[str(reference_id)]
        self.check_new([item for item in items if item["id"] not in stored.existing], stored.entries, stored.size)

    def check_new(self, items: Sequence[Item], entries: int = 0, size: int = 0) -> None:
        """Raise InputRejected if a reference with so much has no room for these items."""
        added = sum(item[documents.SIZE] for item in items)
        if items and not self._room.fits(entries + len(items), size + added):
            raise InputRejected(f"The reference cannot be stored: {self.refusal}.")

    async def find_excess(
        self, entries: Sequence[AcceptedEntry], places: Iterable[Place], full: Iterable[str]
    ) -> list[Place]:
        """Return those of the places for which their references have no room.

        An entry that is stored already is not one of them. So repeating a chunk refuses the same entries, unless other
        batches changed the reference meanwhile.
        """
        by_reference: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            by_reference[place.reference_id].append(place)
        ids = await asyncio.to_thread(_get_ids, entries, by_reference)
        marked = by_reference.keys() & set(full)
        stored = await self._count(by_reference.keys() - marked, set(ids.values()))
        stored.update(await self._find_existing({item: by_reference[item] for item in marked}, ids))
        excess: list[Place] = []
        for reference_id, some in by_reference.items():
            known = stored[reference_id]
            for place in some:
                if ids[place.number] in known.existing:
                    continue
                if self._room.fits(known.entries + 1, known.size + place.size):
                    known.entries += 1
                    known.size += place.size
                else:
                    excess.append(place)
        return excess

    async def _count(self, reference_ids: Iterable[str], ids: set[str]) -> dict[str, _Stored]:
        stored: dict[str, _Stored] = defaultdict(_Stored)

        def add(rows: list[Any]) -> None:
            for row in rows:
                known = stored[row["reference_id"]]
                known.entries += 1
                known.size += row.get(documents.SIZE, 0)
                if row["id"] in ids:
                    known.existing.add(row["id"])

        await self._queries.fold(_COUNT, map(UUID, reference_ids), _REFERENCES_PER_COUNT, add)
        return stored

    async def _find_existing(self, places: Mapping[str, Sequence[Place]], ids: Mapping[int, str]) -> dict[str, _Stored]:
        """Find which of the entries of full references exist. This needs no more requests than to write them all."""
        stored = {reference_id: _Stored(entries=self._room.max_entries) for reference_id in places}
        buckets: dict[str, list[str]] = defaultdict(list)
        for reference_id, some in places.items():
            buckets[bucket_of(reference_id)] += [ids[place.number] for place in some]
        for bucket, wanted in buckets.items():
            for start in range(0, len(wanted), _IDS_PER_QUERY):
                some_ids = wanted[start : start + _IDS_PER_QUERY]
                async for rows in self._queries.run_in_bucket(_EXISTING, some_ids, bucket):
                    for row in rows:
                        if row["reference_id"] in stored:
                            stored[row["reference_id"]].existing.add(row["id"])
        return stored

    async def read_full(self) -> set[str]:
        """Return the references that were found full. A mark counts until the limits are raised."""
        item = await _read_marks(await self._queries.container())
        marks: Mapping[str, list[int]] = {} if item is None else item["references"]
        return {reference_id for reference_id, (entries, size) in marks.items() if self._is_within(entries, size)}

    def _is_within(self, entries: int, size: int) -> bool:
        return self._room.max_entries <= entries and self._room.max_bytes <= size

    async def mark_full(self, reference_ids: Iterable[str]) -> None:
        """Mark the references. If other imports write at the same time too often, they are found full again later."""
        container = await self._queries.container()
        marks = {item: [self._room.max_entries, self._room.max_bytes] for item in reference_ids}
        for _ in range(_ATTEMPTS):
            try:
                await _write_marks(container, await _read_marks(container), marks)
            except (NameTaken, WriteConflict):
                continue
            return


def _get_ids(entries: Sequence[AcceptedEntry], places: Mapping[str, Sequence[Place]]) -> dict[int, str]:
    return {place.number: entries[place.number].enhancement["id"] for some in places.values() for place in some}


async def _read_marks(container: ContainerProxy) -> Item | None:
    try:
        with translate_errors("reference"):
            return check_version(await container.read_item(_MARKS, partition_key=_MARKS))
    except NotFound:
        return None


async def _write_marks(container: ContainerProxy, item: Item | None, marks: Mapping[str, list[int]]) -> None:
    known = {} if item is None else item["references"]
    kept = list({**{key: value for key, value in known.items() if key not in marks}, **marks}.items())[-_MAX_MARKS:]
    changed = {"id": _MARKS, "bucket": _MARKS, "kind": _MARKS, "references": dict(kept), FIELD: FIRST_VERSION}
    if item is None:
        with translate_create_errors("reference"):
            await container.create_item(changed)
        return
    with translate_errors("reference"):
        await container.replace_item(_MARKS, changed, etag=item["_etag"], match_condition=MatchConditions.IfNotModified)
