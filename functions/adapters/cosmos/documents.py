"""How references and enhancements are laid out as items of the container `references`."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from functions.adapters.cosmos.database import Item
from functions.contract.references import Reference, ReferenceFileInput
from functions.domain.ids import bucket_of, derived_id
from functions.domain.selection import Selection

REFERENCE = "reference"
ENHANCEMENT = "enhancement"

# What an enhancement's item has beside the enhancement: its bucket and its kind.
OWN_BYTES = 60


def of_reference(reference_id: UUID, reference: ReferenceFileInput) -> list[Item]:
    """Lay out a reference to load: its enhancements, and last the reference itself."""
    fields = reference.model_dump(mode="json", exclude_unset=True)
    items = []
    for enhancement in fields.pop("enhancements", None) or []:
        del enhancement["enhancement_type"]
        # By its content: two loads that both come to write it, the one in the other's place, don't mix.
        enhancement["id"] = str(derived_id(reference_id, ENHANCEMENT, json.dumps(enhancement, sort_keys=True)))
        items.append(of_enhancement(reference_id, enhancement))
    own = {"id": str(reference_id), "reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
    return [*items, {"visibility": reference.visibility, **fields, **own, "kind": REFERENCE}]


def of_enhancement(reference_id: UUID | str, enhancement: dict[str, Any]) -> Item:
    """Lay out an enhancement beside its reference."""
    own = {"reference_id": str(reference_id), "bucket": bucket_of(reference_id), "kind": ENHANCEMENT}
    return {**enhancement, **own}


def size_of(item: Item) -> int:
    """Return the length that the SDK's JSON of the item has, in bytes."""
    return len(json.dumps(item, separators=(",", ":")))


def to_references(items: Iterable[Item], selection: Selection) -> Iterator[Reference]:
    """Put references together from their items, with no other identifiers than those selected.

    An enhancement whose reference is not among the items is left out.
    """
    references: list[Item] = []
    enhancements: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item["kind"] == REFERENCE:
            references.append(item)
        else:
            enhancements[item["reference_id"]].append(item)
    for item in references:
        known = [one for one in item.get("identifiers") or [] if one["identifier_type"] in selection.identifiers]
        yield Reference.model_validate(
            {**item, "identifiers": known, "enhancements": enhancements[item["id"]]}, strict=False
        )
