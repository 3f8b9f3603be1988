import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.adapters.cosmos import documents
from exchange.adapters.cosmos.documents import (
    compute_size,
    enhancement_to_item,
    to_enhancement_items,
    to_reference_item,
    to_references,
)
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.loading import make_reference
from exchange.domain.selection import EVERYTHING, Selection
from tests.stacks import ROOT

Json = dict[str, Any]

LINES = (ROOT / "samples" / "references.jsonl").read_bytes().splitlines()
LOADED_AT = 1_800_000_000.0
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
    """Return the items of a reference as the store returns them."""
    file_input = ReferenceFileInput.model_validate_json(json.dumps(loaded))
    reference = make_reference(reference_id or uuid4(), file_input, LOADED_AT)
    items = [*to_enhancement_items(reference.enhancements or []), to_reference_item(reference)]
    return [{**item, "_etag": "e", "_ts": 1_800_000_000} for item in json.loads(json.dumps(items))]


def to_json(reference: Reference) -> Json:
    fields: Json = json.loads(reference.model_dump_json(exclude_unset=True))
    return fields


def to_file_line(reference: Reference) -> Json:
    """Return the line of the references file from which the reference was loaded."""
    fields = to_json(reference)
    for enhancement in fields["enhancements"]:
        assert UUID(enhancement.pop("id")).version == 4
        assert enhancement.pop("reference_id") == fields["id"]
        assert enhancement.pop("created_at") == "2027-01-15T08:00:00Z"
        enhancement["enhancement_type"] = enhancement["content"]["enhancement_type"]
    del fields["id"]
    fields["enhancements"].sort(key=json.dumps)
    return fields


def test_loaded_references_are_read_back_unchanged() -> None:
    loaded = [LOADED, *map(json.loads, LINES)]
    items = [item for line in loaded for item in items_of(line)]
    expected = [{**line, "enhancements": sorted(line["enhancements"], key=json.dumps)} for line in loaded]
    assert [to_file_line(reference) for reference in to_references(items, EVERYTHING)] == expected


@pytest.mark.parametrize("loaded", [{}, {"identifiers": None, "enhancements": None}, {"identifiers": []}])
def test_a_reference_without_enhancements_is_one_item(loaded: Json) -> None:
    (item,) = items_of(loaded)
    (reference,) = to_references([item], EVERYTHING)
    assert to_json(reference) == {"id": item["id"], "visibility": "public", "identifiers": [], "enhancements": []}


def test_the_reference_is_the_last_item_and_all_items_are_in_its_partition() -> None:
    reference_id = uuid4()
    items = items_of(LOADED, reference_id)
    assert [item["kind"] for item in items] == ["enhancement", "enhancement", "reference"]
    assert {(item["reference_id"], item["bucket"]) for item in items} == {(str(reference_id), str(reference_id)[:2])}
    assert items[-1]["id"] == str(reference_id)
    assert len({item["id"] for item in items}) == 3


def test_the_items_of_a_reference_depend_on_its_id_and_content_only() -> None:
    reference_id = uuid4()
    assert items_of(LOADED, reference_id) == items_of(LOADED, reference_id)
    assert not {item["id"] for item in items_of(LOADED, reference_id)} & {item["id"] for item in items_of(LOADED)}


@pytest.mark.parametrize(
    ("kinds", "identifiers"),
    [(set(), []), ({"doi"}, IDENTIFIERS[:1]), ({"pm_id", "other"}, IDENTIFIERS[1:]), ({"open_alex"}, [])],
)
def test_only_the_selected_identifiers_are_returned(kinds: set[str], identifiers: list[Json]) -> None:
    selection = Selection(frozenset(EnhancementType), frozenset(map(IdentifierType, kinds)))
    (reference,) = to_references(items_of(LOADED), selection)
    assert to_json(reference)["identifiers"] == identifiers
    assert len(reference.enhancements or []) == 2


def test_the_items_of_several_references_may_be_in_any_order() -> None:
    one, two = items_of(LOADED), items_of({"enhancements": ENHANCEMENTS[:1]})
    found = {str(item.id): item for item in to_references([one[2], two[0], one[1], two[1], one[0]], EVERYTHING)}
    assert {key: len(item.enhancements or []) for key, item in found.items()} == {one[2]["id"]: 2, two[1]["id"]: 1}


def test_an_enhancement_of_an_older_version_has_the_time_of_its_last_write() -> None:
    items = items_of(LOADED)
    for item in items:
        item.pop("created_at", None)
    items[1]["_ts"] += 3600
    (reference,) = to_references(items, EVERYTHING)
    times = [str(item.created_at) for item in reference.enhancements or []]
    assert times == ["2027-01-15 09:00:00+00:00", "2027-01-15 08:00:00+00:00"]


def test_an_enhancement_without_its_reference_is_left_out() -> None:
    assert list(to_references(items_of(LOADED)[:-1], EVERYTHING)) == []
    assert list(to_references([], NOTHING)) == []


def test_the_item_of_an_enhancement_adds_only_the_fields_that_own_bytes_counts() -> None:
    reference_id = uuid4()
    enhancement = {"id": str(uuid4()), "reference_id": str(reference_id), "source": "s", "content": LOCATION}
    item = enhancement_to_item(reference_id, enhancement, 1_900_000)
    own = {
        "reference_id": str(reference_id),
        "bucket": str(reference_id)[:2],
        "kind": "enhancement",
        "schema_version": 1,
        "size": 1_900_000,
    }
    assert item == {**enhancement, **own}
    assert count_sent_bytes(item) - count_sent_bytes(enhancement) <= documents.OWN_BYTES


def test_the_compute_size_an_item_is_at_least_the_sent_size() -> None:
    for line in LINES[:50]:
        for item in items_of(json.loads(line)):
            assert count_sent_bytes(item) <= compute_size(item) <= count_sent_bytes(item) * 1.1


def count_sent_bytes(item: Json) -> int:
    """Return the length of the item in bytes as the SDK sends it."""
    return len(json.dumps(item, separators=(",", ":")))


@pytest.mark.parametrize(
    "stored",
    [
        {"identifier_type": "pm_id", "identifier": 0},
        {"identifier_type": "open_alex", "identifier": "W\u0661"},
        {"identifier_type": "doi", "identifier": "10.\u0661\u0662\u0663\u0664/x"},
    ],
)
def test_a_stored_identifier_that_is_refused_today_does_not_hide_its_reference(stored: Json) -> None:
    *enhancements, reference = items_of(LOADED)
    reference["identifiers"] = [stored, *reference["identifiers"]]
    (found,) = to_references([*enhancements, reference], EVERYTHING)
    assert to_json(found)["identifiers"] == IDENTIFIERS
    assert len(found.enhancements or []) == len(ENHANCEMENTS)
