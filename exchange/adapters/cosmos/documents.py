"""The items of the container `references`: references and enhancements."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from exchange.adapters.cosmos.database import Item
from exchange.adapters.cosmos.versions import FIELD, SCHEMA_VERSION, check_version
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.ids import bucket_of, derive_id
from exchange.domain.selection import Selection

_IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)

REFERENCE = "reference"
ENHANCEMENT = "enhancement"

# The bytes that an enhancement's item has in addition to the enhancement: bucket, kind and schema version.
OWN_BYTES = 80


def reference_to_items(reference_id: UUID, reference: ReferenceFileInput) -> list[Item]:
    """Return the items of a reference: its enhancements, followed by the reference itself."""
    fields = reference.model_dump(mode="json", exclude_unset=True)
    items = []
    for enhancement in fields.pop("enhancements", None) or []:
        del enhancement["enhancement_type"]
        # Derived from the content, so that two loads that write the same reference never mix their enhancements.
        enhancement["id"] = str(derive_id(reference_id, ENHANCEMENT, json.dumps(enhancement, sort_keys=True)))
        items.append(enhancement_to_item(reference_id, enhancement))
    own = {"id": str(reference_id), "reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
    return [*items, {"visibility": reference.visibility, **fields, **own, "kind": REFERENCE, FIELD: SCHEMA_VERSION}]


def enhancement_to_item(reference_id: UUID | str, enhancement: dict[str, Any]) -> Item:
    """Return the item of an enhancement, in the bucket of its reference."""
    bucket = bucket_of(reference_id)
    own = {"reference_id": str(reference_id), "bucket": bucket, "kind": ENHANCEMENT, FIELD: SCHEMA_VERSION}
    return {**enhancement, **own}


def compute_size(item: Item) -> int:
    """Return the length of the SDK's JSON of the item, in bytes."""
    return len(json.dumps(item, separators=(",", ":")))


def to_references(items: Iterable[Item], selection: Selection) -> Iterator[Reference]:
    """Make references from their items, with the selected types of identifiers.

    An identifier that is no longer valid is left out. An enhancement without its reference among the items is left out.
    """
    references: list[Item] = []
    enhancements: dict[str, list[Item]] = defaultdict(list)
    for item in map(check_version, items):
        if item["kind"] == REFERENCE:
            references.append(item)
        else:
            enhancements[item["reference_id"]].append(item)
    for item in references:
        identifiers = item.get("identifiers") or []
        selected = [
            found for found in identifiers if found["identifier_type"] in selection.identifiers and _is_valid(found)
        ]
        yield Reference.model_validate(
            {**item, "identifiers": selected, "enhancements": enhancements[item["id"]]}, strict=False
        )


def _is_valid(identifier: Item) -> bool:
    """Return whether a stored identifier is still valid. Version 0.1.0 stored some that are refused today."""
    try:
        _IDENTIFIER.validate_python(identifier)
    except ValidationError:
        return False
    return True
