import json
from typing import Any

import pytest
from pydantic import ValidationError

from exchange.contract.base import describe_faults
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


def is_unchanged(model: type[Reference | ReferenceFileInput], sent: dict[str, Any]) -> bool:
    read = model.model_validate_json(json.dumps(sent), strict=True)
    returned: dict[str, Any] = json.loads(read.model_dump_json(exclude_unset=True))
    return returned == sent


def test_real_references_are_read_and_written_unchanged() -> None:
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
def test_only_the_id_is_required(fields: dict[str, Any]) -> None:
    assert is_unchanged(Reference, {"id": ONE, **fields})
    assert is_unchanged(ReferenceFileInput, fields)


def test_a_reference_contains_enhancements_with_ids() -> None:
    assert is_unchanged(Reference, {"id": ONE, "enhancements": [ENHANCEMENT, ENHANCEMENT]})


def test_a_reference_to_load_contains_enhancements_without_ids() -> None:
    required = {name: TO_LOAD[name] for name in TO_LOAD if name != "robot_version"}
    assert is_unchanged(ReferenceFileInput, {"enhancements": [TO_LOAD, required, {**required, "robot_version": None}]})


def test_the_old_name_of_robot_version_is_accepted() -> None:
    old = {**{name: TO_LOAD[name] for name in TO_LOAD if name != "robot_version"}, "processor_version": "1"}
    read = EnhancementFileInput.model_validate_json(json.dumps(old), strict=True)
    assert json.loads(read.model_dump_json()) == TO_LOAD


def test_the_old_name_is_ignored_if_the_new_one_is_present() -> None:
    both = {**TO_LOAD, "processor_version": {}}
    assert (
        json.loads(EnhancementFileInput.model_validate_json(json.dumps(both), strict=True).model_dump_json()) == TO_LOAD
    )


def test_the_default_visibility_is_public() -> None:
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
def test_an_invalid_reference_is_refused(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Reference.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize("missing", ["source", "visibility", "enhancement_type", "content"])
def test_the_fields_of_an_enhancement_to_load_are_required(missing: str) -> None:
    raw = json.dumps({name: value for name, value in TO_LOAD.items() if name != missing}).encode()
    with pytest.raises(ValidationError) as raised:
        EnhancementFileInput.model_validate_json(raw, strict=True)
    assert describe_faults(raised.value, raw) == [f"{missing}: Field required"]


@pytest.mark.parametrize("kind", ["location", "nothing", None, 7])
def test_an_enhancement_type_other_than_that_of_the_content_is_refused(kind: object) -> None:
    with pytest.raises(ValidationError):
        EnhancementFileInput.model_validate_json(json.dumps({**TO_LOAD, "enhancement_type": kind}), strict=True)


def test_the_message_about_different_types_names_both() -> None:
    raw = json.dumps({**TO_LOAD, "enhancement_type": "location"}).encode()
    message = r"enhancement_type is location but content\.enhancement_type is abstract"
    with pytest.raises(ValidationError, match=message):
        EnhancementFileInput.model_validate_json(raw, strict=True)


def test_a_loaded_line_contains_every_field() -> None:
    assert json.loads(LoadedLine(line=1).model_dump_json()) == {
        "line": 1,
        "id": None,
        "error": None,
        "existing": False,
        "added_identifiers": 0,
        "added_enhancements": 0,
        "warnings": [],
    }
