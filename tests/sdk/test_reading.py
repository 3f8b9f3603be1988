"""Each release reads what we send, with and without each optional field, and writes it unchanged."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from exchange.contract.batches import BatchEnhancementRequestRead, BatchStatus
from exchange.contract.enhancements import Bibliographic, Enhancement, Location
from exchange.contract.references import Reference
from exchange.contract.robots import (
    BatchRobotRequest,
    BatchRobotResultValidationEntry,
    ProvisionedRobot,
    Robot,
    RobotIn,
)
from tests.sdk.documents import (
    CONTENTS,
    ENHANCEMENT,
    FULL,
    IDENTIFIERS,
    PARTS,
    ROBOT,
    SETTINGS,
    SIGNED,
    TWO,
    Json,
    Model,
    variants,
)
from tests.sdk.reading import URLS, expect_read, remove_nulls
from tests.sdk.releases import RELEASES, Release

ROBOTS = [RobotIn, Robot, ProvisionedRobot]
WITHOUT_DEPENDENCIES = {**ROBOT, "dependent_enhancements": [], "dependent_identifiers": []}
# The maximum length of a URL for the SDK.
MAX_URL_LENGTH = 2083


def get_name(model: Model) -> str:
    return model.__name__


def get_required(model: Model) -> Json:
    """Return the required fields of the document."""
    return {name: FULL[model][name] for name, field in model.model_fields.items() if field.is_required()}


def is_read_unchanged(sdk: Release, ours: BaseModel) -> bool:
    """Return True if the release reads our JSON and writes it unchanged, in each way in which it can. Fails if not."""
    model = type(ours)
    sent = ours.model_dump_json()
    expected = expect_read(sdk, model, json.loads(sent))
    # As a client reads a response.
    parsed = sdk.model_for(model).model_validate(json.loads(sent))
    assert parsed == sdk.model_for(model).model_validate_json(sent)
    assert parsed.model_dump(mode="json") == expected
    assert json.loads(parsed.model_dump_json()) == expected
    if hasattr(parsed, "to_jsonl"):
        assert sdk.model_for(model).from_jsonl(sent) == parsed
        assert json.loads(parsed.to_jsonl()) == remove_nulls(expected)
    return True


def make_reference(**fields: Any) -> Reference:
    """Return a reference, made as the store makes it."""
    return Reference.model_validate({"id": TWO, **fields}, strict=False)


@pytest.mark.parametrize("model", CONTENTS, ids=get_name)
def test_each_content_is_read_unchanged(sdk: Release, model: Model) -> None:
    kind = CONTENTS[model]["enhancement_type"]
    for fields in variants(CONTENTS[model], model):
        content = {**fields, "enhancement_type": kind}
        assert is_read_unchanged(sdk, make_reference(enhancements=[{**ENHANCEMENT, "content": content}]))


@pytest.mark.parametrize("model", PARTS, ids=get_name)
def test_each_part_of_a_content_is_read_unchanged(sdk: Release, model: Model) -> None:
    whole, field = PARTS[model]
    for part in variants(FULL[model], model):
        content = {**CONTENTS[whole], field: [part, FULL[model]]}
        assert is_read_unchanged(sdk, make_reference(enhancements=[{**ENHANCEMENT, "content": content}]))


def test_each_enhancement_is_read_unchanged(sdk: Release) -> None:
    for fields in variants(ENHANCEMENT, Enhancement):
        for content in CONTENTS.values():
            assert is_read_unchanged(sdk, make_reference(enhancements=[{**fields, "content": content}]))


@pytest.mark.parametrize("model", IDENTIFIERS, ids=get_name)
def test_each_identifier_is_read_unchanged(sdk: Release, model: Model) -> None:
    assert is_read_unchanged(sdk, make_reference(identifiers=[IDENTIFIERS[model]], enhancements=[]))


@pytest.mark.parametrize(
    "model", [Reference, BatchRobotRequest, BatchEnhancementRequestRead, BatchRobotResultValidationEntry], ids=get_name
)
def test_each_document_is_read_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], model):
        assert is_read_unchanged(sdk, model.model_validate(fields, strict=False))


@pytest.mark.parametrize("status", BatchStatus)
def test_each_status_is_read_unchanged(sdk: Release, status: BatchStatus) -> None:
    fields = {**FULL[BatchEnhancementRequestRead], "request_status": status}
    assert is_read_unchanged(sdk, BatchEnhancementRequestRead.model_validate(fields))


@pytest.mark.parametrize("model", ROBOTS, ids=get_name)
def test_a_robot_without_dependencies_is_read_unchanged(sdk: Release, model: Model) -> None:
    assert is_read_unchanged(sdk, model.model_validate({**get_required(model), **WITHOUT_DEPENDENCIES}, strict=False))


@pytest.mark.parametrize("model", ROBOTS, ids=get_name)
@pytest.mark.parametrize("field", ["dependent_enhancements", "dependent_identifiers"])
def test_no_release_reads_a_robot_with_dependencies(sdk: Release, model: Model, field: str) -> None:
    robot = model.model_validate({**get_required(model), **WITHOUT_DEPENDENCIES, field: ROBOT[field]}, strict=False)
    with pytest.raises(ValidationError, match=r"1 validation error.*\n" + field):
        sdk.model_for(model).model_validate_json(robot.model_dump_json())


@pytest.mark.parametrize("field", SETTINGS)
def test_no_release_reads_a_robot_whose_settings_were_changed(sdk: Release, field: str) -> None:
    robot = Robot.model_validate({**get_required(Robot), field: SETTINGS[field]}, strict=False)
    with pytest.raises(ValidationError, match=r"1 validation error.*\n" + field):
        sdk.model_for(Robot).model_validate_json(robot.model_dump_json())


def test_a_signed_url_is_read_unchanged(sdk: Release) -> None:
    job = sdk.model_for(BatchRobotRequest)(**FULL[BatchRobotRequest])
    assert [str(job.reference_storage_url), str(job.result_storage_url)] == [f"{SIGNED}1", f"{SIGNED}2"]


def test_other_urls_are_read_in_normal_form(sdk: Release) -> None:
    location = sdk.model_for(Location).model_validate_json(Location(**FULL[Location]).model_dump_json())
    assert str(location.landing_page_url) == "https://example.org/%C3%A4?q=%7e&r=%3Cx%3E#f"
    assert str(location.pdf_url) == "http://xn--bcher-kva.example/"


def test_every_url_of_the_documents_is_listed() -> None:
    urls = {name for full in FULL.values() for name in full if name.endswith(("_url", "_file"))}
    # No release knows these.
    assert urls == URLS | {"validation_result_file", "enhancements_url", "reference_ids_url", "storage_url"}


@pytest.mark.parametrize("length", [MAX_URL_LENGTH, MAX_URL_LENGTH + 1])
@pytest.mark.parametrize(
    ("model", "field"), [(Location, "landing_page_url"), (Location, "pdf_url"), (Robot, "base_url")]
)
def test_a_url_that_is_too_long_for_the_sdk_is_refused(sdk: Release, model: Model, field: str, length: int) -> None:
    url = "https://example.org/".ljust(length, "x")
    try:
        ours = model.model_validate({**get_required(model), **WITHOUT_DEPENDENCIES, field: url}, strict=False)
    except ValidationError:
        assert length > MAX_URL_LENGTH
    else:
        assert sdk.model_for(model).model_validate_json(ours.model_dump_json())


def test_only_the_first_release_refuses_a_date_in_the_future(sdk: Release) -> None:
    content = {**CONTENTS[Bibliographic], "publication_date": "9999-12-31"}
    reference = make_reference(enhancements=[{**ENHANCEMENT, "content": content}])
    if sdk.version == RELEASES[0]:
        with pytest.raises(ValidationError, match="Date should be in the past"):
            sdk.model_for(Reference).from_jsonl(reference.model_dump_json())
    else:
        assert is_read_unchanged(sdk, reference)
