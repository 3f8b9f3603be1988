"""What we send, with each optional field there and not there, a release reads and writes again as it was."""

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
from tests.sdk.documents import CONTENTS, ENHANCEMENT, FULL, IDENTIFIERS, PARTS, ROBOT, SIGNED, TWO, Model, variants
from tests.sdk.reading import URLS, as_read_by, without_nulls
from tests.sdk.releases import RELEASES, Release

ROBOTS = [RobotIn, Robot, ProvisionedRobot]
WITHOUT_DEPENDENCIES = {**ROBOT, "dependent_enhancements": [], "dependent_identifiers": []}
# The longest URL that the SDK reads.
LONGEST_URL = 2083


def named(model: Model) -> str:
    return model.__name__


def reads_the_same(sdk: Release, ours: BaseModel) -> bool:
    """Say whether what we send comes back as it was in each way that the SDK writes."""
    model = type(ours)
    sent = ours.model_dump_json()
    expected = as_read_by(sdk, model, json.loads(sent))
    # As a client reads an HTTP answer.
    parsed = sdk.of(model).model_validate(json.loads(sent))
    assert parsed == sdk.of(model).model_validate_json(sent)
    assert parsed.model_dump(mode="json") == expected
    assert json.loads(parsed.model_dump_json()) == expected
    if hasattr(parsed, "to_jsonl"):
        assert sdk.of(model).from_jsonl(sent) == parsed
        assert json.loads(parsed.to_jsonl()) == without_nulls(expected)
    return True


def a_reference(**fields: Any) -> Reference:
    """Put together a reference as the store does."""
    return Reference.model_validate({"id": TWO, **fields}, strict=False)


@pytest.mark.parametrize("model", CONTENTS, ids=named)
def test_each_content(sdk: Release, model: Model) -> None:
    kind = CONTENTS[model]["enhancement_type"]
    for fields in variants(CONTENTS[model], model):
        content = {**fields, "enhancement_type": kind}
        assert reads_the_same(sdk, a_reference(enhancements=[{**ENHANCEMENT, "content": content}]))


@pytest.mark.parametrize("model", PARTS, ids=named)
def test_each_part_of_some_content(sdk: Release, model: Model) -> None:
    whole, field = PARTS[model]
    for part in variants(FULL[model], model):
        content = {**CONTENTS[whole], field: [part, FULL[model]]}
        assert reads_the_same(sdk, a_reference(enhancements=[{**ENHANCEMENT, "content": content}]))


def test_each_envelope(sdk: Release) -> None:
    for fields in variants(ENHANCEMENT, Enhancement):
        for content in CONTENTS.values():
            assert reads_the_same(sdk, a_reference(enhancements=[{**fields, "content": content}]))


@pytest.mark.parametrize("model", IDENTIFIERS, ids=named)
def test_each_identifier(sdk: Release, model: Model) -> None:
    assert reads_the_same(sdk, a_reference(identifiers=[IDENTIFIERS[model]], enhancements=[]))


@pytest.mark.parametrize(
    "model", [Reference, BatchRobotRequest, BatchEnhancementRequestRead, BatchRobotResultValidationEntry], ids=named
)
def test_each_document(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], model):
        assert reads_the_same(sdk, model.model_validate(fields, strict=False))


@pytest.mark.parametrize("status", BatchStatus)
def test_each_status(sdk: Release, status: BatchStatus) -> None:
    fields = {**FULL[BatchEnhancementRequestRead], "request_status": status}
    assert reads_the_same(sdk, BatchEnhancementRequestRead.model_validate(fields))


@pytest.mark.parametrize("model", ROBOTS, ids=named)
def test_a_robot_that_depends_on_nothing(sdk: Release, model: Model) -> None:
    assert reads_the_same(sdk, model.model_validate({**FULL[model], **WITHOUT_DEPENDENCIES}, strict=False))


@pytest.mark.parametrize("model", ROBOTS, ids=named)
@pytest.mark.parametrize("field", ["dependent_enhancements", "dependent_identifiers"])
def test_a_robot_with_dependencies_is_one_that_no_release_can_have_registered_and_none_reads(
    sdk: Release, model: Model, field: str
) -> None:
    robot = model.model_validate({**FULL[model], **WITHOUT_DEPENDENCIES, field: ROBOT[field]}, strict=False)
    with pytest.raises(ValidationError, match=r"1 validation error.*\n" + field):
        sdk.of(model).model_validate_json(robot.model_dump_json())


def test_a_signed_url_is_the_same_to_the_letter(sdk: Release) -> None:
    order = sdk.of(BatchRobotRequest)(**FULL[BatchRobotRequest])
    assert [str(order.reference_storage_url), str(order.result_storage_url)] == [f"{SIGNED}1", f"{SIGNED}2"]


def test_of_other_urls_the_normal_form_is_read(sdk: Release) -> None:
    place = sdk.of(Location).model_validate_json(Location(**FULL[Location]).model_dump_json())
    assert str(place.landing_page_url) == "https://example.org/%C3%A4?q=%7e&r=%3Cx%3E#f"
    assert str(place.pdf_url) == "http://xn--bcher-kva.example/"


def test_every_url_of_every_document_is_one_of_those_that_are_normalised() -> None:
    urls = {name for full in FULL.values() for name in full if name.endswith(("_url", "_file"))}
    # These two no release knows.
    assert urls == URLS | {"validation_result_file", "storage_url"}


@pytest.mark.parametrize("length", [LONGEST_URL, LONGEST_URL + 1])
@pytest.mark.parametrize(
    ("model", "field"), [(Location, "landing_page_url"), (Location, "pdf_url"), (Robot, "base_url")]
)
def test_a_url_that_no_release_can_read_is_not_taken_in(sdk: Release, model: Model, field: str, length: int) -> None:
    url = "https://example.org/".ljust(length, "x")
    try:
        ours = model.model_validate({**FULL[model], **WITHOUT_DEPENDENCIES, field: url}, strict=False)
    except ValidationError:
        assert length > LONGEST_URL
    else:
        assert sdk.of(model).model_validate_json(ours.model_dump_json())


def test_a_date_to_come_is_one_that_only_the_first_release_does_not_read(sdk: Release) -> None:
    content = {**CONTENTS[Bibliographic], "publication_date": "9999-12-31"}
    reference = a_reference(enhancements=[{**ENHANCEMENT, "content": content}])
    if sdk.version == RELEASES[0]:
        with pytest.raises(ValidationError, match="Date should be in the past"):
            sdk.of(Reference).from_jsonl(reference.model_dump_json())
    else:
        assert reads_the_same(sdk, reference)
