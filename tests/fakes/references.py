"""In-memory fake of `ReferenceStore`."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any
from uuid import UUID

from exchange.contract.enhancements import Enhancement
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected
from exchange.domain.ids import new_id
from exchange.domain.selection import Selection
from exchange.ports import LoadResult

# The size in bytes that Cosmos DB allows for one item.
MAX_ITEM_BYTES = 2_000_000


class FakeReferenceStore:
    def __init__(self) -> None:
        self.references: dict[UUID, ReferenceFileInput] = {}
        self.enhancements: dict[UUID, dict[str, Any]] = {}
        self.largest_item = MAX_ITEM_BYTES
        self.owners: dict[tuple[str, ...], UUID] = {}

    async def add(self, reference: ReferenceFileInput) -> LoadResult:
        if len(reference.model_dump_json()) > MAX_ITEM_BYTES:
            raise InputRejected("The reference cannot be stored: it or one of its enhancements is too large.")
        keys = [_key(identifier) for identifier in reference.identifiers or []]
        known = {self.owners[key] for key in keys if key in self.owners}
        if len(known) > 1:
            raise InputRejected("The identifiers belong to different references.")
        if known:
            return LoadResult(known.pop(), existing=True)
        reference_id = new_id()
        self.owners.update(dict.fromkeys(keys, reference_id))
        self.references[reference_id] = reference
        for enhancement in reference.enhancements or []:
            fields = enhancement.model_dump(mode="json", exclude={"enhancement_type"})
            self.put({**fields, "id": str(new_id()), "reference_id": str(reference_id)})
        return LoadResult(reference_id, existing=False)

    def put(self, enhancement: dict[str, Any]) -> None:
        self.enhancements[UUID(enhancement["id"])] = enhancement

    async def find_missing(self, reference_ids: Iterable[UUID], *, include_hidden: bool = True) -> set[UUID]:
        known = {
            reference_id
            for reference_id, loaded in self.references.items()
            if include_hidden or loaded.visibility != "hidden"
        }
        return set(reference_ids) - known

    async def find(self, identifier: ExternalIdentifier) -> UUID | None:
        return self.owners.get(_key(identifier))

    async def read_all(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        for reference_id in reference_ids:
            if (loaded := self.references.get(reference_id)) is None:
                continue
            yield Reference(
                id=reference_id,
                visibility=loaded.visibility,
                identifiers=[
                    identifier
                    for identifier in loaded.identifiers or []
                    if identifier.identifier_type in selection.identifiers
                ],
                enhancements=[
                    enhancement
                    for enhancement in self.enhancements_of(reference_id)
                    if enhancement.content.enhancement_type in selection.enhancements
                ],
            )

    def enhancements_of(self, reference_id: UUID) -> list[Enhancement]:
        return [
            Enhancement.model_validate(item)
            for item in self.enhancements.values()
            if item["reference_id"] == str(reference_id)
        ]

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        for entry in entries:
            if entry.size > self.largest_item:
                yield [Refusal(entry.entry, "it is too large")]
            else:
                self.put(entry.enhancement)
                yield []


def _key(identifier: Any) -> tuple[str, ...]:
    value = str(identifier.identifier)
    if identifier.identifier_type == "doi":
        value = value.lower()
    return identifier.identifier_type, value, getattr(identifier, "other_identifier_name", "")
