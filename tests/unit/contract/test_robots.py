import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from exchange.contract.base import WireModel, faults
from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import (
    BatchEnhancementResultEntry,
    BatchRobotRequest,
    BatchRobotResult,
    BatchRobotResultValidationEntry,
    LinkedRobotError,
    Robot,
    RobotIn,
)
from tests.unit.contract.test_enhancements import ENHANCEMENT, ONE

ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
VERSION_1 = "11111111-1111-1111-8111-111111111111"
LEAST = {"name": "r", "base_url": "https://Robot.example:443/a/", "description": "", "owner": ""}
FULL = {
    **LEAST,
    "dependent_enhancements": ["bibliographic", "abstract", "annotation", "location"],
    "dependent_identifiers": ["doi", "pm_id", "open_alex", "other"],
}
REQUEST = {"id": ONE, "reference_storage_url": "https://h/a?sig=%2B", "result_storage_url": "https://h/b?sig=%2b"}


def read(model: type[WireModel], sent: dict[str, Any]) -> WireModel:
    return model.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (RobotIn, LEAST),
        (RobotIn, FULL),
        (RobotIn, {**LEAST, "dependent_identifiers": ["doi"]}),
        (Robot, {**FULL, "id": ONE}),
        (BatchRobotRequest, REQUEST),
        (BatchRobotRequest, {**REQUEST, "extra_fields": None}),
        (BatchRobotRequest, {**REQUEST, "extra_fields": {"a": [1]}}),
        (BatchRobotResult, {"request_id": ONE}),
        (BatchRobotResult, {"request_id": ONE, "error": None, "storage_url": None}),
        (BatchRobotResult, {"request_id": ONE, "error": {"message": ""}}),
        (BatchRobotResult, {"request_id": ONE, "storage_url": "HTTP://H:80/r.jsonl?sig=%2b"}),
        (BatchRobotResultValidationEntry, {"reference_id": None, "error": "no"}),
        (BatchRobotResultValidationEntry, {"reference_id": ONE, "error": None}),
    ],
)
def test_it_comes_back_field_for_field(model: type[WireModel], sent: dict[str, Any]) -> None:
    assert json.loads(read(model, sent).model_dump_json(exclude_unset=True)) == sent


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        *((RobotIn, {name: LEAST[name] for name in LEAST if name != left_out}) for left_out in LEAST),
        (RobotIn, {**LEAST, "name": ""}),
        (RobotIn, {**LEAST, "name": 7}),
        (RobotIn, {**LEAST, "base_url": "robot.example"}),
        (RobotIn, {**LEAST, "base_url": "amqp://robot.example"}),
        (RobotIn, {**LEAST, "dependent_enhancements": "abstract"}),
        (RobotIn, {**LEAST, "dependent_enhancements": ["abstracts"]}),
        (RobotIn, {**LEAST, "dependent_enhancements": None}),
        (RobotIn, {**LEAST, "dependent_identifiers": ["DOI"]}),
        (Robot, FULL),
        (Robot, {**FULL, "id": VERSION_1}),
        (BatchRobotResult, {}),
        (BatchRobotResult, {"request_id": VERSION_1}),
        (BatchRobotResult, {"request_id": ONE, "error": "out of memory"}),
        (BatchRobotResult, {"request_id": ONE, "error": {}}),
        (BatchRobotResult, {"request_id": ONE, "error": {"message": 7}}),
        (BatchRobotResult, {"request_id": ONE, "storage_url": ""}),
        (BatchRobotResult, {"request_id": ONE, "storage_url": "results/r.jsonl"}),
    ],
)
def test_a_wrong_one_is_refused(model: type[WireModel], sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(model, sent)


@pytest.mark.parametrize("none", [{}, {"dependent_enhancements": [], "dependent_identifiers": []}])
def test_a_robot_without_dependencies_says_nothing_of_them(none: dict[str, Any]) -> None:
    robot = RobotIn.model_validate({**LEAST, **none})
    assert (robot.dependent_enhancements, robot.dependent_identifiers) == ([], [])
    assert json.loads(robot.model_dump_json()) == LEAST


@pytest.mark.parametrize(("model", "sent"), [(RobotIn, FULL), (Robot, {**FULL, "id": ONE})])
def test_a_misspelt_field_of_a_registration_is_named(model: type[WireModel], sent: dict[str, Any]) -> None:
    raw = json.dumps({**sent, "dependant_identifiers": ["doi"]}).encode()
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json(raw, strict=True)
    assert faults(raised.value, raw) == ["dependant_identifiers: Extra inputs are not permitted"]


def test_elsewhere_unknown_fields_are_ignored() -> None:
    assert read(BatchRobotResult, {"request_id": ONE, "unknown": 1}) == read(BatchRobotResult, {"request_id": ONE})


def test_what_a_robot_is_asked_names_every_field() -> None:
    assert json.loads(read(BatchRobotRequest, REQUEST).model_dump_json()) == {**REQUEST, "extra_fields": None}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (ENHANCEMENT, Enhancement),
        ({**ENHANCEMENT, "message": "said as well"}, Enhancement),
        ({"reference_id": ONE, "message": "no"}, LinkedRobotError),
        ({"reference_id": ONE, "message": "", "content": None}, LinkedRobotError),
        ({"reference_id": ONE, "message": "no", "source": "robot", "unknown": 1}, LinkedRobotError),
    ],
)
def test_an_entry_with_content_is_an_enhancement_and_one_with_a_message_an_error(
    entry: dict[str, Any], kind: type
) -> None:
    assert type(ENTRY.validate_json(json.dumps(entry), strict=True)) is kind


@pytest.mark.parametrize("entry", [{}, {"reference_id": ONE}, {"content": None}, [], None, 7, "message", ["message"]])
def test_what_is_neither_is_told_so_in_one_sentence(entry: object) -> None:
    raw = json.dumps(entry).encode()
    with pytest.raises(ValidationError) as raised:
        ENTRY.validate_json(raw, strict=True)
    (fault,) = faults(raised.value, raw)
    assert fault == "neither an enhancement, which has 'content', nor a robot error, which has 'message'"


def test_the_faults_of_an_entry_are_those_of_the_kind_that_it_is() -> None:
    for entry, expected in (
        ({"message": "no"}, "reference_id: Field required"),
        ({**ENHANCEMENT, "source": 7, "message": 7}, "source: Input should be a valid string"),
        ({"reference_id": ONE, "message": 7}, "message: Input should be a valid string"),
    ):
        raw = json.dumps(entry).encode()
        with pytest.raises(ValidationError) as raised:
            ENTRY.validate_json(raw, strict=True)
        assert faults(raised.value, raw) == [expected]
