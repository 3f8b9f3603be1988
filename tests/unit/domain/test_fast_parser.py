"""The parse_fast against the contract's model: whatever it lets through, the model reads as the same, to the byte."""

import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event, given, settings
from msgspec import Struct
from pydantic import BaseModel, TypeAdapter, ValidationError

from exchange.contract import enhancements as contract
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain import fast_parser
from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from exchange.domain.fast_parser import FastRobotError, parse_fast
from exchange.domain.storable import find_storage_fault
from tests.results import annotation
from tests.stacks import ROOT
from tests.unit.domain.odd_lines import ODD_VALUES, ONE, lines

VERSION_4 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ENTRY: TypeAdapter[Any] = TypeAdapter(BatchEnhancementResultEntry)


def by_the_model(line: bytes) -> tuple[str, bytes] | None:
    """Give what the model takes and the store can keep: the reference, and an enhancement as JSON or what is wrong."""
    try:
        entry = ENTRY.validate_json(line, strict=True)
    except ValidationError:
        return None
    if isinstance(entry, LinkedRobotError):
        return str(entry.reference_id), entry.message.encode()
    if find_storage_fault(entry.model_dump(exclude_unset=True)["content"]) is not None:
        return None
    return str(entry.reference_id), entry.model_dump_json(exclude={"id"}, exclude_unset=True).encode()


def by_the_screen(line: bytes) -> tuple[str, bytes] | None:
    """Give the same if the parse_fast lets it through. A reference that is asked for has an id of version 4."""
    entry = parse_fast(line)
    if entry is None or not VERSION_4.fullmatch(entry.reference_id):
        return None
    return entry.reference_id, entry.message.encode() if isinstance(entry, FastRobotError) else entry.fields()


def assert_same(line: bytes) -> bool:
    """See that the parse_fast says nothing, or the same as the model; return whether it lets the line through."""
    screened, read = by_the_screen(line), by_the_model(line)
    assert screened in (None, read), line
    return screened is not None


@settings(max_examples=400, deadline=None)
@given(lines())
def test_what_the_screen_lets_through_the_model_reads_as_the_same(line: bytes) -> None:
    event("let through" if assert_same(line) else "held back")


def enhancement(content: dict[str, Any]) -> dict[str, Any]:
    return annotation(ONE, content=content, id=ONE, robot_version="1", derived_from=[ONE])


LABELS: dict[str, Any] = {"scheme": "s", "label": "l", "score": 0.5, "data": {"a": {"b": [1]}, "c": 1.5}}
WHOLE_ENTRIES: dict[str, dict[str, Any]] = {
    "annotation": {
        "annotations": [
            {"annotation_type": "boolean", "value": True, **LABELS},
            {"annotation_type": "score", **LABELS},
        ]
    },
    "abstract": {"process": "other", "abstract": "a"},
    "bibliographic": {
        "authorship": [{"display_name": "n", "orcid": "o", "position": "first"}],
        "cited_by_count": 1,
        "created_date": "2024-02-29",
        "publication_date": "2024-02-29",
        "publication_year": 2024,
        "publisher": "p",
        "title": "t",
    },
    "location": {
        "locations": [
            {
                "is_oa": True,
                "version": "other",
                "landing_page_url": "https://a.test",
                "pdf_url": "https://a.test",
                "license": "l",
                "extra": {"a": 1},
            }
        ]
    },
}


def with_odd_parts(whole: Any) -> Iterator[str]:
    """Give the JSON once for each of its members and each odd value, in its place, before it and after it."""
    for parent, name in members(whole):
        value = parent[name]
        parent[name] = "HERE"
        text = json.dumps(whole)
        parent[name] = value
        as_it_was, again = json.dumps(value), f', "{name}": ' if isinstance(parent, dict) else ", "
        for odd in ODD_VALUES:
            for told in (odd, f"{odd}{again}{as_it_was}", f"{as_it_was}{again}{odd}"):
                yield text.replace('"HERE"', told)


def members(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for name, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, name
            yield from members(part)


WHOLES = [
    *(enhancement({"enhancement_type": kind, **content}) for kind, content in WHOLE_ENTRIES.items()),
    {"reference_id": ONE, "message": "m"},
]
SUBJECTS = [*WHOLE_ENTRIES, "error"]


@pytest.mark.parametrize("whole", WHOLES, ids=SUBJECTS)
def test_with_each_odd_value_in_each_place_they_say_the_same(whole: dict[str, Any]) -> None:
    assert assert_same(json.dumps(whole).encode())
    for line in with_odd_parts(whole):
        assert_same(line.encode())


@pytest.mark.parametrize("whole", WHOLES, ids=SUBJECTS)
def test_with_each_byte_before_after_and_within_they_say_the_same(whole: dict[str, Any]) -> None:
    line = json.dumps(whole).encode()
    within = line.index(b'": "') + len(b'": "')
    for byte, place in product(range(256), (0, 1, within, len(line) - 1, len(line))):
        for mark in (bytes([byte]), b"\\" + bytes([byte])):
            assert_same(line[:place] + mark + line[place:])


# Each structure and the model that it stands for.
STRUCTURES: list[tuple[type[Struct], type[BaseModel]]] = [
    (fast_parser.FastEnhancement, contract.Enhancement),
    (fast_parser.FastRobotError, LinkedRobotError),
    (fast_parser._AnnotationSet, contract.AnnotationSet),
    (fast_parser._BooleanAnnotation, contract.BooleanAnnotation),
    (fast_parser._ScoreAnnotation, contract.ScoreAnnotation),
    (fast_parser._Abstract, contract.Abstract),
    (fast_parser._Bibliographic, contract.Bibliographic),
    (fast_parser._Authorship, contract.Authorship),
    (fast_parser._LocationSet, contract.LocationSet),
    (fast_parser._Location, contract.Location),
]


@pytest.mark.parametrize(("structure", "model"), STRUCTURES)
def test_each_structure_has_its_models_fields_in_their_order(structure: type[Struct], model: type[BaseModel]) -> None:
    tag = structure.__struct_config__.tag_field
    assert [*([tag] if tag else []), *structure.__struct_fields__] == list(model.model_fields)


WORDS = [
    *(annotation(ONE, visibility=word) for word in contract.Visibility),
    *(
        enhancement({"enhancement_type": "abstract", "process": word, "abstract": ""})
        for word in contract.AbstractProcess
    ),
    *(
        enhancement({"enhancement_type": "location", "locations": [{"version": word}]})
        for word in contract.DriverVersion
    ),
    *(
        enhancement(
            {
                "enhancement_type": "bibliographic",
                "authorship": [{"display_name": "", "orcid": "", "position": word}],
            }
        )
        for word in contract.AuthorPosition
    ),
]


def test_usual_lines_pass_the_screen() -> None:
    references = map(json.loads, (ROOT / "samples/references.jsonl").read_text().splitlines())
    samples = [annotation(ONE, content=item["content"]) for each in references for item in each["enhancements"]]
    for entry, plainly in product([*WORDS, *samples], (True, False)):
        assert assert_same(json.dumps(entry, ensure_ascii=plainly).encode())


def test_what_passes_the_screen_repeats_what_did_not() -> None:
    entry = annotation(ONE, content={"enhancement_type": "abstract", "process": "other", "abstract": "a\u2028ż\x7f"})
    lines = [json.dumps(entry).encode(), json.dumps({**entry, "unknown": 1}).encode()]
    assert [parse_fast(line) is not None for line in lines] == [True, False]
    for ordered in (lines, lines[::-1]):
        validator = EntryValidator(Manifest([UUID(ONE)]), 1 << 20)
        validator.validate(ordered)
        assert (validator.accepted, validator.rejected) == (1, 1)
