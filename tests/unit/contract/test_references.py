import json
from typing import Any

import pytest
from pydantic import ValidationError

from exchange.contract.base import faults
from exchange.contract.references import EnhancementFileInput, LoadedLine, Reference, ReferenceFileInput
from tests.stacks import ROOT
from tests.unit.contract.test_enhancements import ABSTRACT, ENHANCEMENT, ONE

LINES = (ROOT / "samples" / "references.jsonl").read_bytes().splitlines()
IDENTIFIER = {"identifier_type": "pm_id", "identifier": 7}
TO_LOAD = {
    "source": "s",
    "visibility": "hidden",
    "robot_version": "1",
    "enhancement_type": "abstract",
    "content": ABSTRACT,
}


def comes_back(model: type[Reference | ReferenceFileInput], sent: dict[str, Any]) -> bool:
    read = model.model_validate_json(json.dumps(sent), strict=True)
    returned: dict[str, Any] = json.loads(read.model_dump_json(exclude_unset=True))
    return returned == sent


def test_real_references_come_back_field_for_field() -> None:
    assert LINES
    for line in LINES:
        read = ReferenceFileInput.model_validate_json(line, strict=True)
        assert json.loads(read.model_dump_json(exclude_unset=True)) == json.loads(line)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"visibility": "hidden"},
        {"identifiers": None, "enhancements": None},
        {"identifiers": [], "enhancements": []},
        {"identifiers": [IDENTIFIER, IDENTIFIER]},
    ],
)
def test_all_but_the_id_is_optional(fields: dict[str, Any]) -> None:
    assert comes_back(Reference, {"id": ONE, **fields})
    assert comes_back(ReferenceFileInput, fields)


def test_a_reference_has_enhancements_as_robots_get_them() -> None:
    assert comes_back(Reference, {"id": ONE, "enhancements": [ENHANCEMENT, ENHANCEMENT]})


def test_a_reference_to_load_has_enhancements_of_references_without_an_id() -> None:
    least = {name: TO_LOAD[name] for name in TO_LOAD if name != "robot_version"}
    assert comes_back(ReferenceFileInput, {"enhancements": [TO_LOAD, least, {**least, "robot_version": None}]})


def test_the_old_name_of_the_robot_version_is_read_as_well() -> None:
    old = {**{name: TO_LOAD[name] for name in TO_LOAD if name != "robot_version"}, "processor_version": "1"}
    read = EnhancementFileInput.model_validate_json(json.dumps(old), strict=True)
    assert json.loads(read.model_dump_json()) == TO_LOAD


def test_beside_the_new_name_the_old_one_says_nothing() -> None:
    both = {**TO_LOAD, "processor_version": {}}
    assert (
        json.loads(EnhancementFileInput.model_validate_json(json.dumps(both), strict=True).model_dump_json()) == TO_LOAD
    )


def test_what_nobody_says_is_public() -> None:
    assert Reference.model_validate({"id": ONE}).visibility == "public"
    assert ReferenceFileInput.model_validate({}).visibility == "public"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"id": None},
        {"id": "11111111-1111-1111-8111-111111111111"},
        {"id": ONE, "visibility": "secret"},
        {"id": ONE, "visibility": None},
        {"id": ONE, "identifiers": IDENTIFIER},
        {"id": ONE, "identifiers": [{**IDENTIFIER, "identifier": "7"}]},
        {"id": ONE, "enhancements": [TO_LOAD]},
    ],
)
def test_a_wrong_reference_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Reference.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize("left_out", ["source", "visibility", "enhancement_type", "content"])
def test_an_enhancement_to_load_has_all_it_needs(left_out: str) -> None:
    raw = json.dumps({name: value for name, value in TO_LOAD.items() if name != left_out}).encode()
    with pytest.raises(ValidationError) as raised:
        EnhancementFileInput.model_validate_json(raw, strict=True)
    assert faults(raised.value, raw) == [f"{left_out}: Field required"]


@pytest.mark.parametrize("kind", ["location", "nothing", None, 7])
def test_the_type_beside_the_content_is_that_of_the_content(kind: object) -> None:
    with pytest.raises(ValidationError):
        EnhancementFileInput.model_validate_json(json.dumps({**TO_LOAD, "enhancement_type": kind}), strict=True)


def test_types_that_disagree_are_both_named() -> None:
    raw = json.dumps({**TO_LOAD, "enhancement_type": "location"}).encode()
    with pytest.raises(ValidationError, match="enhancement_type is location, but its content's is abstract"):
        EnhancementFileInput.model_validate_json(raw, strict=True)


def test_a_loaded_line_says_all_of_its_three_fields() -> None:
    assert json.loads(LoadedLine().model_dump_json()) == {"id": None, "error": None, "existing": False}
