import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from exchange.contract.base import WireModel, describe_faults
from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import (
    BatchEnhancementResultEntry,
    BatchRobotRequest,
    BatchRobotResult,
    BatchRobotResultValidationEntry,
    LinkedRobotError,
    Robot,
    RobotIn,
    RobotSettings,
)
from tests.unit.contract.test_enhancements import ENHANCEMENT, ONE

ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
VERSION_1 = "11111111-1111-1111-8111-111111111111"
REQUIRED = {"name": "r", "base_url": "https://Robot.example:443/a/", "description": "", "owner": ""}
FULL = {
    **REQUIRED,
    "dependent_enhancements": ["bibliographic", "abstract", "annotation", "location"],
    "dependent_identifiers": ["doi", "pm_id", "open_alex", "other"],
}
REQUEST = {"id": ONE, "reference_storage_url": "https://h/a?sig=%2B", "result_storage_url": "https://h/b?sig=%2b"}


def read(model: type[WireModel], sent: dict[str, Any]) -> WireModel:
    return model.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (RobotIn, REQUIRED),
        (RobotIn, FULL),
        (RobotIn, {**REQUIRED, "dependent_identifiers": ["doi"]}),
        (Robot, {**FULL, "id": ONE}),
        (Robot, {**FULL, "id": ONE, "enabled": False, "max_references": 5, "version": "2"}),
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
def test_a_model_is_read_and_written_unchanged(model: type[WireModel], sent: dict[str, Any]) -> None:
    assert json.loads(read(model, sent).model_dump_json(exclude_unset=True)) == sent


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        *((RobotIn, {name: REQUIRED[name] for name in REQUIRED if name != missing}) for missing in REQUIRED),
        (RobotIn, {**REQUIRED, "name": ""}),
        (RobotIn, {**REQUIRED, "name": 7}),
        (RobotIn, {**REQUIRED, "base_url": "robot.example"}),
        (RobotIn, {**REQUIRED, "base_url": "amqp://robot.example"}),
        *((RobotIn, {**REQUIRED, "base_url": f"http://robot.example/x{end}"}) for end in ("?code=1", "?", "#y", "#")),
        (RobotIn, {**REQUIRED, "dependent_enhancements": "abstract"}),
        (RobotIn, {**REQUIRED, "dependent_enhancements": ["abstracts"]}),
        (RobotIn, {**REQUIRED, "dependent_enhancements": None}),
        (RobotIn, {**REQUIRED, "dependent_identifiers": ["DOI"]}),
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
def test_an_invalid_object_is_refused(model: type[WireModel], sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(model, sent)


@pytest.mark.parametrize("dependencies", [{}, {"dependent_enhancements": [], "dependent_identifiers": []}])
def test_empty_dependencies_are_left_out(dependencies: dict[str, Any]) -> None:
    robot = RobotIn.model_validate({**REQUIRED, **dependencies})
    assert (robot.dependent_enhancements, robot.dependent_identifiers) == ([], [])
    assert json.loads(robot.model_dump_json()) == REQUIRED


@pytest.mark.parametrize(("model", "sent"), [(RobotIn, FULL), (Robot, {**FULL, "id": ONE})])
def test_an_unknown_field_of_a_registration_is_refused_by_name(model: type[WireModel], sent: dict[str, Any]) -> None:
    raw = json.dumps({**sent, "dependant_identifiers": ["doi"]}).encode()
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json(raw, strict=True)
    assert describe_faults(raised.value, raw) == ["dependant_identifiers: Extra inputs are not permitted"]


def test_unknown_fields_of_a_callback_are_ignored() -> None:
    assert read(BatchRobotResult, {"request_id": ONE, "unknown": 1}) == read(BatchRobotResult, {"request_id": ONE})


def test_a_job_contains_every_field() -> None:
    assert json.loads(read(BatchRobotRequest, REQUEST).model_dump_json()) == {**REQUEST, "extra_fields": None}


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (ENHANCEMENT, Enhancement),
        ({**ENHANCEMENT, "message": "also present"}, Enhancement),
        ({"reference_id": ONE, "message": "no"}, LinkedRobotError),
        ({"reference_id": ONE, "message": "", "content": None}, LinkedRobotError),
        ({"reference_id": ONE, "message": "no", "source": "robot", "unknown": 1}, LinkedRobotError),
    ],
)
def test_content_makes_an_entry_an_enhancement_and_a_message_makes_it_an_error(
    entry: dict[str, Any], kind: type
) -> None:
    assert type(ENTRY.validate_json(json.dumps(entry), strict=True)) is kind


@pytest.mark.parametrize("entry", [{}, {"reference_id": ONE}, {"content": None}, [], None, 7, "message", ["message"]])
def test_an_entry_that_is_neither_has_one_fault(entry: object) -> None:
    raw = json.dumps(entry).encode()
    with pytest.raises(ValidationError) as raised:
        ENTRY.validate_json(raw, strict=True)
    (fault,) = describe_faults(raised.value, raw)
    assert fault == "the entry must be an enhancement (with 'content') or a robot error (with 'message')"


def test_the_faults_of_an_entry_refer_to_its_kind() -> None:
    for entry, expected in (
        ({"message": "no"}, "reference_id: Field required"),
        ({**ENHANCEMENT, "source": 7, "message": 7}, "source: Input should be a valid string"),
        ({"reference_id": ONE, "message": 7}, "message: Input should be a valid string"),
    ):
        raw = json.dumps(entry).encode()
        with pytest.raises(ValidationError) as raised:
            ENTRY.validate_json(raw, strict=True)
        assert describe_faults(raised.value, raw) == [expected]


def test_a_robot_with_the_default_settings_has_no_new_fields() -> None:
    robot = Robot.model_validate({**REQUIRED, "id": ONE, "enabled": True, "max_references": None, "version": None})
    assert json.loads(robot.model_dump_json()) == {**REQUIRED, "id": ONE}


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"delivery": "post"}, "delivery: Input should be 'push' or 'pull'"),
        ({"enabled": None}, "enabled: Input should be a valid boolean"),
        ({"enabeld": False}, "enabeld: Extra inputs are not permitted"),
        ({"max_references": 0}, "max_references: Input should be greater than 0"),
        ({"version": ""}, "version: String should have at least 1 character"),
    ],
)
def test_invalid_settings_are_refused_with_a_sentence(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as raised:
        read(RobotSettings, settings)
    assert describe_faults(raised.value) == [fault]
