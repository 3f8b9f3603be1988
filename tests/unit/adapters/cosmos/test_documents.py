import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.adapters.cosmos import documents
from exchange.adapters.cosmos.documents import enhancement_to_item, reference_to_items, size_of, to_references
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.selection import EVERYTHING, Selection
from tests.stacks import ROOT

Json = dict[str, Any]

LINES = (ROOT / "samples" / "references.jsonl").read_bytes().splitlines()
NOTHING = Selection(frozenset[EnhancementType](), frozenset[IdentifierType]())
IDENTIFIERS: list[Json] = [
    {"identifier_type": "doi", "identifier": "10.1000/182"},
    {"identifier_type": "pm_id", "identifier": 7},
    {"identifier_type": "other", "identifier": "7", "other_identifier_name": "n"},
]
BIBLIOGRAPHIC = {"enhancement_type": "bibliographic", "created_date": "2020-02-29", "title": "T \u2028 文"}
LOCATION = {"enhancement_type": "location", "locations": [{"pdf_url": "https://H:443/%7e", "extra": {"k": [1.5, {}]}}]}
ENHANCEMENTS: list[Json] = [
    {"source": "s", "visibility": "hidden", "enhancement_type": content["enhancement_type"], "content": content}
    for content in (BIBLIOGRAPHIC, LOCATION)
]
LOADED: Json = {"visibility": "restricted", "identifiers": IDENTIFIERS, "enhancements": ENHANCEMENTS}


def items_of(loaded: Json, reference_id: UUID | None = None) -> list[Json]:
    """Lay out a reference, and let the items be what the store gives back."""
    items = reference_to_items(reference_id or uuid4(), ReferenceFileInput.model_validate_json(json.dumps(loaded)))
    return [{**item, "_etag": "e", "_ts": 1} for item in json.loads(json.dumps(items))]


def dumped(reference: Reference) -> Json:
    fields: Json = json.loads(reference.model_dump_json(exclude_unset=True))
    return fields


def as_loaded(reference: Reference) -> Json:
    """Give a reference as its line of the file was."""
    fields = dumped(reference)
    for enhancement in fields["enhancements"]:
        assert UUID(enhancement.pop("id")).version == 4
        assert enhancement.pop("reference_id") == fields["id"]
        enhancement["enhancement_type"] = enhancement["content"]["enhancement_type"]
    del fields["id"]
    return fields


def test_what_was_loaded_comes_back_field_for_field() -> None:
    loaded = [LOADED, *map(json.loads, LINES)]
    items = [item for line in loaded for item in items_of(line)]
    assert [as_loaded(reference) for reference in to_references(items, EVERYTHING)] == loaded


@pytest.mark.parametrize("loaded", [{}, {"identifiers": None, "enhancements": None}, {"identifiers": []}])
def test_a_reference_of_which_nothing_is_known_is_one_item(loaded: Json) -> None:
    (item,) = items_of(loaded)
    (reference,) = to_references([item], EVERYTHING)
    assert dumped(reference) == {"id": item["id"], "visibility": "public", "identifiers": [], "enhancements": []}


def test_the_reference_comes_last_and_all_its_items_are_in_its_partition() -> None:
    reference_id = uuid4()
    items = items_of(LOADED, reference_id)
    assert [item["kind"] for item in items] == ["enhancement", "enhancement", "reference"]
    assert {(item["reference_id"], item["bucket"]) for item in items} == {(str(reference_id), str(reference_id)[:2])}
    assert items[-1]["id"] == str(reference_id)
    assert len({item["id"] for item in items}) == 3


def test_laying_out_again_gives_the_same_items() -> None:
    reference_id = uuid4()
    assert items_of(LOADED, reference_id) == items_of(LOADED, reference_id)
    assert not {item["id"] for item in items_of(LOADED, reference_id)} & {item["id"] for item in items_of(LOADED)}


@pytest.mark.parametrize(
    ("kinds", "identifiers"),
    [(set(), []), ({"doi"}, IDENTIFIERS[:1]), ({"pm_id", "other"}, IDENTIFIERS[1:]), ({"open_alex"}, [])],
)
def test_only_the_selected_identifiers_are_there(kinds: set[str], identifiers: list[Json]) -> None:
    selection = Selection(frozenset(EnhancementType), frozenset(map(IdentifierType, kinds)))
    (reference,) = to_references(items_of(LOADED), selection)
    assert dumped(reference)["identifiers"] == identifiers
    assert len(reference.enhancements or []) == 2


def test_items_of_many_references_find_together_in_any_order() -> None:
    one, two = items_of(LOADED), items_of({"enhancements": ENHANCEMENTS[:1]})
    found = {str(item.id): item for item in to_references([one[2], two[0], one[1], two[1], one[0]], EVERYTHING)}
    assert {key: len(item.enhancements or []) for key, item in found.items()} == {one[2]["id"]: 2, two[1]["id"]: 1}


def test_an_enhancement_without_its_reference_is_left_out() -> None:
    assert list(to_references(items_of(LOADED)[:-1], EVERYTHING)) == []
    assert list(to_references([], NOTHING)) == []


def test_an_enhancements_item_is_the_enhancement_and_no_more_than_is_counted_for() -> None:
    reference_id = uuid4()
    enhancement = {"id": str(uuid4()), "reference_id": str(reference_id), "source": "s", "content": LOCATION}
    item = enhancement_to_item(reference_id, enhancement)
    own = {"reference_id": str(reference_id), "bucket": str(reference_id)[:2], "kind": "enhancement"}
    assert item == {**enhancement, **own}
    assert sent(item) - sent(enhancement) <= documents.OWN_BYTES


def test_an_items_size_is_at_least_what_is_sent() -> None:
    for line in LINES[:50]:
        for item in items_of(json.loads(line)):
            assert sent(item) <= size_of(item) <= sent(item) * 1.1


def sent(item: Json) -> int:
    """Count the bytes of an item as the SDK sends it."""
    return len(json.dumps(item, separators=(",", ":")))
