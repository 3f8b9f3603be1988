"""In-memory fakes of `ReferenceStore` and `IdentifierClaims`."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, NameTaken, NotFound
from exchange.domain.identifier_keys import make_key
from exchange.domain.limits import Limits
from exchange.domain.paging import EnhancementFilter, ReferencePage, ReferencePart, cut_page, sort_newest_first
from exchange.domain.room import NO_ROOM, Room
from exchange.domain.selection import EVERYTHING, Selection
from exchange.ports import Claim

# The size in bytes that Cosmos DB allows for one item.
MAX_ITEM_BYTES = 2_000_000


_DEFAULT_ROOM = Limits().stored_room


class FakeReferenceStore:
    def __init__(self, room: Room = _DEFAULT_ROOM, part_size: int = 1_000) -> None:
        self.room = room
        # How many enhancements a part has.
        self.part_size = part_size
        self.references: dict[UUID, Reference] = {}
        self.enhancements: dict[UUID, dict[str, Any]] = {}
        self.forbidden: set[UUID] = set()
        self.largest_item = MAX_ITEM_BYTES

    async def create(self, reference: Reference) -> None:
        own = reference.model_copy(update={"enhancements": None})
        _check_size(own)
        self._check_room(reference.id, reference.enhancements or [])
        for enhancement in reference.enhancements or []:
            _check_size(enhancement)
            self.put(enhancement.model_dump(mode="json"))
        if reference.id in self.forbidden:
            raise NameTaken("This reference already exists.")
        self.references.setdefault(reference.id, own)

    async def forbid(self, reference_id: UUID) -> None:
        if reference_id in self.references:
            raise NameTaken("This reference already exists.")
        self.forbidden.add(reference_id)

    async def add_identifiers(self, reference_id: UUID, identifiers: Sequence[ExternalIdentifier]) -> int:
        known = self._get(reference_id)
        keys = {make_key(identifier) for identifier in known.identifiers or []}
        added = [identifier for identifier in identifiers if make_key(identifier) not in keys]
        changed = known.model_copy(update={"identifiers": [*(known.identifiers or []), *added]})
        _check_size(changed)
        self.references[reference_id] = changed
        return len(added)

    async def add_enhancements(self, enhancements: Sequence[StoredEnhancement]) -> int:
        added = 0
        if enhancements:
            self._check_room(enhancements[0].reference_id, enhancements)
        for enhancement in enhancements:
            _check_size(enhancement)
            item = enhancement.model_dump(mode="json")
            if UUID(item["id"]) not in self.enhancements:
                self.put(item)
                added += 1
        return added

    async def delete(self, reference_id: UUID) -> None:
        for enhancement in [
            key for key, item in self.enhancements.items() if item["reference_id"] == str(reference_id)
        ]:
            del self.enhancements[enhancement]
        self._get(reference_id)
        del self.references[reference_id]

    def put(self, enhancement: dict[str, Any]) -> None:
        self.enhancements[UUID(enhancement["id"])] = enhancement

    async def find_missing(self, reference_ids: Iterable[UUID], *, include_hidden: bool = True) -> set[UUID]:
        known = {
            reference_id
            for reference_id, reference in self.references.items()
            if include_hidden or reference.visibility != "hidden"
        }
        return set(reference_ids) - known

    async def find_enhanced(
        self, reference_ids: Iterable[UUID], robot_id: UUID, robot_version: str | None
    ) -> set[UUID]:
        found = {
            UUID(item["reference_id"])
            for item in self.enhancements.values()
            if item.get("robot_id") == str(robot_id) and robot_version in {None, item.get("robot_version")}
        }
        return found & set(reference_ids)

    async def stream(
        self, reference_ids: Iterable[UUID], selection: Selection
    ) -> AsyncIterator[Sequence[ReferencePart]]:
        for reference in self._select(reference_ids, selection):
            items = reference.enhancements or []
            starts = range(0, len(items), self.part_size) or range(1)
            for start in starts:
                part = reference.model_copy(update={"enhancements": items[start : start + self.part_size]})
                yield [ReferencePart(part, first=start == starts[0], last=start == starts[-1])]

    async def read_page(self, reference_id: UUID, wanted: EnhancementFilter) -> ReferencePage | None:
        return next((cut_page(item, wanted) for item in self._select([reference_id], EVERYTHING)), None)

    def _select(self, reference_ids: Iterable[UUID], selection: Selection) -> Iterator[Reference]:
        for reference_id in reference_ids:
            if (known := self.references.get(reference_id)) is None:
                continue
            identifiers = [
                identifier
                for identifier in known.identifiers or []
                if identifier.identifier_type in selection.identifiers
            ]
            enhancements = [
                enhancement
                for enhancement in self.enhancements_of(reference_id)
                if enhancement.content.enhancement_type in selection.enhancements
            ]
            yield known.model_copy(update={"identifiers": identifiers, "enhancements": sort_newest_first(enhancements)})

    def enhancements_of(self, reference_id: UUID) -> list[StoredEnhancement]:
        return [
            StoredEnhancement.model_validate(item)
            for item in self.enhancements.values()
            if item["reference_id"] == str(reference_id)
        ]

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        sizes = self._measure({entry.reference_id for entry in entries})
        for entry in entries:
            item, known = entry.enhancement, sizes[entry.reference_id]
            is_new = UUID(item["id"]) not in self.enhancements
            if entry.size > self.largest_item:
                yield [Refusal(entry.entry, "it is too large")]
            elif is_new and not self.room.fits(len(known) + 1, sum(known) + _measure(item)):
                yield [Refusal(entry.entry, self._describe_room())]
            else:
                if is_new:
                    known.append(_measure(item))
                self.put(item)
                yield []

    def _measure(self, reference_ids: Iterable[str]) -> dict[str, list[int]]:
        """Return the sizes of the enhancements of each reference."""
        sizes: dict[str, list[int]] = {reference_id: [] for reference_id in reference_ids}
        for item in self.enhancements.values():
            if item["reference_id"] in sizes:
                sizes[item["reference_id"]].append(_measure(item))
        return sizes

    def _check_room(self, reference_id: UUID, enhancements: Sequence[StoredEnhancement]) -> None:
        items = [item.model_dump(mode="json") for item in enhancements]
        new = [_measure(item) for item in items if UUID(item["id"]) not in self.enhancements]
        sizes = [*self._measure([str(reference_id)])[str(reference_id)], *new]
        if new and not self.room.fits(len(sizes), sum(sizes)):
            raise InputRejected(f"The reference cannot be stored: {self._describe_room()}.")

    def _describe_room(self) -> str:
        return f"{NO_ROOM}, which may have at most {self.room}"

    def _get(self, reference_id: UUID) -> Reference:
        if (known := self.references.get(reference_id)) is None:
            raise NotFound("The reference does not exist.")
        return known


class FakeIdentifierClaims:
    def __init__(self) -> None:
        self.claims: dict[str, Claim] = {}
        self._before: dict[str, Claim | None] = {}
        self._writes = 0

    async def read(self, keys: Iterable[str]) -> list[Claim]:
        return [self.claims[key] for key in keys if key in self.claims]

    async def claim(self, key: str, owner: UUID, before: Claim | None) -> Claim | None:
        if key in self.claims and (self.claims[key].owner, self._before.get(key)) == (owner, before):
            # The client library repeats a request whose connection broke.
            return self.claims[key]
        if self.claims.get(key) != before:
            return None
        self._before[key] = before
        self._writes += 1
        self.claims[key] = Claim(key, owner, str(self._writes))
        return self.claims[key]

    async def release(self, claim: Claim) -> None:
        if self.claims.get(claim.key) == claim:
            del self.claims[claim.key]


def _measure(item: dict[str, Any]) -> int:
    return len(json.dumps(item))


def _check_size(model: Reference | StoredEnhancement) -> None:
    if len(model.model_dump_json()) > MAX_ITEM_BYTES:
        raise InputRejected("The reference cannot be stored: it is too large.")
