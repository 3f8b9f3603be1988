"""The fast parser compared with the contract's model: it reads each line that it accepts as the same bytes."""

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
from exchange.domain.fast_parser import FastRobotError, parse_fast
from exchange.domain.manifest import Manifest
from exchange.domain.storable import find_storage_fault
from tests.results import ORIGIN, annotation
from tests.stacks import ROOT
from tests.unit.domain.odd_lines import ODD_VALUES, ONE, lines

VERSION_4 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ENTRY: TypeAdapter[Any] = TypeAdapter(BatchEnhancementResultEntry)


def parse_by_model(line: bytes) -> tuple[str, bytes] | None:
    """Return the reference, and the enhancement as JSON or the error's message. None if the line is not accepted."""
    try:
        entry = ENTRY.validate_json(line, strict=True)
    except ValidationError:
        return None
    if isinstance(entry, LinkedRobotError):
        return str(entry.reference_id), entry.message.encode()
    if find_storage_fault(entry.model_dump(exclude_unset=True)["content"]) is not None:
        return None
    return str(entry.reference_id), entry.model_dump_json(exclude={"id"}, exclude_unset=True).encode()


def parse_by_fast_parser(line: bytes) -> tuple[str, bytes] | None:
    """Return the same if the fast parser accepts the line. All requested references have version 4 ids."""
    entry = parse_fast(line)
    if entry is None or not VERSION_4.fullmatch(entry.reference_id):
        return None
    return entry.reference_id, entry.message.encode() if isinstance(entry, FastRobotError) else entry.to_json(None)


def assert_same(line: bytes) -> bool:
    """Assert that the fast parser refuses the line or agrees with the model. Return whether it accepts the line."""
    fast, expected = parse_by_fast_parser(line), parse_by_model(line)
    assert fast in (None, expected), line
    return fast is not None


@settings(max_examples=400, deadline=None)
@given(lines())
def test_the_model_reads_every_accepted_line_as_the_same(line: bytes) -> None:
    event("accepted" if assert_same(line) else "left to the model")


def enhancement(content: dict[str, Any]) -> dict[str, Any]:
    return annotation(ONE, content=content, id=ONE, robot_version="1", derived_from=[ONE])


LABEL: dict[str, Any] = {"scheme": "s", "label": "l", "score": 0.5, "data": {"a": {"b": [1]}, "c": 1.5}}
CONTENTS: dict[str, dict[str, Any]] = {
    "annotation": {
        "annotations": [
            {"annotation_type": "boolean", "value": True, **LABEL},
            {"annotation_type": "score", **LABEL},
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


def replace_each_member(entry: Any) -> Iterator[str]:
    """Yield the JSON once for each member and odd value: in place of the member, before it, and after it."""
    for parent, name in find_members(entry):
        value = parent[name]
        parent[name] = "HERE"
        text = json.dumps(entry)
        parent[name] = value
        original, separator = json.dumps(value), f', "{name}": ' if isinstance(parent, dict) else ", "
        for odd in ODD_VALUES:
            for replacement in (odd, f"{odd}{separator}{original}", f"{original}{separator}{odd}"):
                yield text.replace('"HERE"', replacement)


def find_members(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        for name, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            yield value, name
            yield from find_members(part)


ENTRIES = [
    *(enhancement({"enhancement_type": kind, **content}) for kind, content in CONTENTS.items()),
    {"reference_id": ONE, "message": "m"},
]
KINDS = [*CONTENTS, "error"]


@pytest.mark.parametrize("entry", ENTRIES, ids=KINDS)
def test_both_parsers_agree_on_each_odd_value_in_each_place(entry: dict[str, Any]) -> None:
    assert assert_same(json.dumps(entry).encode())
    for line in replace_each_member(entry):
        assert_same(line.encode())


@pytest.mark.parametrize("entry", ENTRIES, ids=KINDS)
def test_both_parsers_agree_on_each_byte_before_after_and_within_a_line(entry: dict[str, Any]) -> None:
    line = json.dumps(entry).encode()
    within = line.index(b'": "') + len(b'": "')
    for byte, place in product(range(256), (0, 1, within, len(line) - 1, len(line))):
        for inserted in (bytes([byte]), b"\\" + bytes([byte])):
            assert_same(line[:place] + inserted + line[place:])


# Each structure and its model.
STRUCTURES: list[tuple[type[Struct], type[BaseModel]]] = [
    (fast_parser.FastEnhancement, contract.Enhancement),
    (fast_parser.FastRobotError, LinkedRobotError),
    (fast_parser._AnnotationSet, contract.AnnotationSet),
    (fast_parser._BooleanAnnotation, contract.BooleanAnnotation),
    (fast_parser._ScoreAnnotation, contract.ScoreAnnotation),
    (fast_parser._Abstract, contract.Abstract),
    (fast_parser._Bibliographic, contract.Bibliographic),
    (fast_parser._Authorship, contract.Authorship),
    (fast_parser._Pagination, contract.Pagination),
    (fast_parser._PublicationVenue, contract.PublicationVenue),
    (fast_parser._LocationSet, contract.LocationSet),
    (fast_parser._Location, contract.Location),
]


@pytest.mark.parametrize(("structure", "model"), STRUCTURES)
def test_each_structure_has_the_fields_of_its_model_in_the_same_order(
    structure: type[Struct], model: type[BaseModel]
) -> None:
    tag = structure.__struct_config__.tag_field
    assert [*([tag] if tag else []), *structure.__struct_fields__] == list(model.model_fields)


ENUM_VALUES = [
    *(annotation(ONE, visibility=value) for value in contract.Visibility),
    *(
        enhancement({"enhancement_type": "bibliographic", "publication_venue": {"venue_type": value}})
        for value in contract.PublicationVenueType
    ),
    *(
        enhancement({"enhancement_type": "abstract", "process": value, "abstract": ""})
        for value in contract.AbstractProcess
    ),
    *(
        enhancement({"enhancement_type": "location", "locations": [{"version": value}]})
        for value in contract.DriverVersion
    ),
    *(
        enhancement(
            {
                "enhancement_type": "bibliographic",
                "authorship": [{"display_name": "", "orcid": "", "position": value}],
            }
        )
        for value in contract.AuthorPosition
    ),
]


def test_the_fast_parser_accepts_usual_lines() -> None:
    references = map(json.loads, (ROOT / "samples/references.jsonl").read_text().splitlines())
    samples = [
        annotation(ONE, content=item["content"]) for reference in references for item in reference["enhancements"]
    ]
    for entry, ascii_only in product([*ENUM_VALUES, *samples], (True, False)):
        assert assert_same(json.dumps(entry, ensure_ascii=ascii_only).encode())


def test_a_duplicate_is_detected_across_both_parsers() -> None:
    entry = annotation(ONE, content={"enhancement_type": "abstract", "process": "other", "abstract": "a\u2028ż\x7f"})
    lines = [json.dumps(entry).encode(), json.dumps({**entry, "unknown": 1}).encode()]
    assert [parse_fast(line) is not None for line in lines] == [True, False]
    for ordered in (lines, lines[::-1]):
        validator = EntryValidator(Manifest([UUID(ONE)]), ORIGIN, 1 << 20)
        validator.validate(ordered)
        assert (validator.accepted, validator.rejected) == (1, 1)
