"""The items of the container `references`: references and enhancements."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from exchange.adapters.cosmos.database import Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.contract.base import to_time_text
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.identifier_keys import make_key
from exchange.domain.ids import bucket_of
from exchange.domain.paging import sort_newest_first
from exchange.domain.selection import Selection

_IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)

REFERENCE = "reference"
ENHANCEMENT = "enhancement"
FORBIDDEN = "forbidden"

# The bytes that an enhancement's item has in addition to the enhancement: bucket, kind, size and schema version.
OWN_BYTES = 100

SIZE = "size"
"""The field with the length of an enhancement's item in bytes. Items of older versions do not have it."""


def to_reference_item(reference: Reference) -> Item:
    """Return the item of a reference, without its enhancements."""
    fields = reference.model_dump(mode="json", exclude_unset=True, exclude={"enhancements"})
    return {**fields, "visibility": reference.visibility, **_own_fields(reference.id, REFERENCE)}


def to_forbidden_item(reference_id: UUID) -> Item:
    """Return an item that keeps the id of a reference from being used."""
    return {"id": str(reference_id), **_own_fields(reference_id, FORBIDDEN)}


def to_enhancement_items(enhancements: Iterable[StoredEnhancement]) -> Iterator[Item]:
    """Return the items of enhancements that are loaded with a reference."""
    for enhancement in enhancements:
        fields = enhancement.model_dump(mode="json", exclude_unset=True)
        yield enhancement_to_item(enhancement.reference_id, fields, compute_size(fields) + OWN_BYTES)


def enhancement_to_item(reference_id: UUID | str, enhancement: dict[str, Any], size: int) -> Item:
    """Return the item of an enhancement, in the bucket of its reference. `size` is the length of the item in bytes."""
    return {**enhancement, **_own_fields(reference_id, ENHANCEMENT), SIZE: size}


def _own_fields(reference_id: UUID | str, kind: str) -> Item:
    bucket = bucket_of(reference_id)
    return {"reference_id": str(reference_id), "bucket": bucket, "kind": kind, FIELD: FIRST_VERSION}


def find_new_identifiers(item: Item, identifiers: Iterable[ExternalIdentifier]) -> list[Item]:
    """Return those of the identifiers that the item of a reference does not have."""
    stored = (_IDENTIFIER.validate_python(found) for found in item.get("identifiers") or [] if _is_valid(found))
    known = {make_key(identifier) for identifier in stored}
    return [identifier.model_dump(mode="json") for identifier in identifiers if make_key(identifier) not in known]


def compute_size(item: Item) -> int:
    """Return the length of the SDK's JSON of the item, in bytes."""
    return len(json.dumps(item, separators=(",", ":")))


def to_references(items: Iterable[Item], selection: Selection) -> Iterator[Reference]:
    """Make references from their items, with the selected types of identifiers.

    The enhancements are newest first. One that an older version wrote has no `created_at`: its time is that of its last
    write. An identifier that is no longer valid is left out, and an enhancement without its reference, too.
    """
    references: list[Item] = []
    enhancements: dict[str, list[Item]] = defaultdict(list)
    for item in map(check_version, items):
        if item["kind"] == REFERENCE:
            references.append(item)
        else:
            enhancements[item["reference_id"]].append(_add_time(item))
    for item in references:
        identifiers = item.get("identifiers") or []
        selected = [
            found for found in identifiers if found["identifier_type"] in selection.identifiers and _is_valid(found)
        ]
        reference = Reference.model_validate(
            {**item, "identifiers": selected, "enhancements": enhancements[item["id"]]}, strict=False
        )
        yield reference.model_copy(update={"enhancements": sort_newest_first(reference.enhancements or [])})


def to_enhancement(item: Item) -> StoredEnhancement:
    """Make an enhancement from its item."""
    return StoredEnhancement.model_validate(_add_time(check_version(item)), strict=False)


def _add_time(item: Item) -> Item:
    return item if "created_at" in item else {**item, "created_at": to_time_text(item["_ts"])}


def _is_valid(identifier: Item) -> bool:
    """Return whether a stored identifier is still valid. Version 0.1.0 stored some that are refused today."""
    try:
        _IDENTIFIER.validate_python(identifier)
    except ValidationError:
        return False
    return True
