"""Each release reads what the exchange sends under `/v1`, with and without each optional field."""

import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel, ValidationError

from exchange.contract.batches import BatchStatus
from exchange.contract.references import Reference
from exchange.contract.robots import BatchRobotResultValidationEntry
from exchange.contract.v1.jobs import RobotEnhancementBatch, RobotEnhancementBatchRead
from exchange.contract.v1.requests import EnhancementRequestRead, EnhancementRequestStatus
from exchange.contract.v1.robots import ProvisionedPullRobot, PullRobot
from exchange.domain.paging import ReferencePart
from exchange.domain.readable import ReadableParts
from tests.sdk import strategies
from tests.sdk.documents import BOOLEAN, CONTENTS, ENHANCEMENT, FULL, IDENTIFIERS, TWO, Json, Model, variants
from tests.sdk.reading import expect_read, remove_nulls, since
from tests.sdk.releases import Release
from tests.sdk.v1.writing import CREATED_AT
from tests.tiers import fast_or_exhaustive

ANSWERS = [
    EnhancementRequestRead,
    RobotEnhancementBatch,
    RobotEnhancementBatchRead,
    BatchRobotResultValidationEntry,
]
thorough = settings(
    max_examples=fast_or_exhaustive(30, 100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def is_read_unchanged(sdk: Release, ours: BaseModel) -> bool:
    """Return True if the release reads the answer and writes it unchanged. Fails if not."""
    sent = ours.model_dump_json()
    expected = expect_read(sdk, type(ours), json.loads(sent))
    read = sdk.model_for(type(ours)).model_validate(json.loads(sent))
    written = read.model_dump(mode="json")
    assert {name: value for name, value in written.items() if name in expected} == expected
    return True


def is_line_read_unchanged(sdk: Release, reference: Reference) -> bool:
    """Return True if the release reads the reference as a robot gets it. Fails if not."""
    line = ReadableParts().to_jsonl(ReferencePart(reference))
    expected = remove_nulls(expect_read(sdk, Reference, json.loads(line)))
    assert remove_nulls(sdk.model_for(Reference).from_jsonl(line).model_dump(mode="json")) == expected
    return True


def make_reference(**fields: object) -> Reference:
    """Return a reference as the store makes it: every enhancement has the time of its creation."""
    reference = Reference.model_validate({"id": TWO, **fields}, strict=False)
    created_at = datetime.fromisoformat(CREATED_AT)
    enhancements = [item.model_copy(update={"created_at": created_at}) for item in reference.enhancements or []]
    return reference.model_copy(update={"enhancements": enhancements})


@pytest.mark.parametrize("model", ANSWERS, ids=lambda model: model.__name__)
def test_each_answer_is_read_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], model):
        assert is_read_unchanged(sdk, model.model_validate(fields, strict=False))


@pytest.mark.parametrize("status", BatchStatus)
def test_the_status_of_every_batch_request_is_read(sdk: Release, status: BatchStatus) -> None:
    fields = {**FULL[EnhancementRequestRead], "request_status": EnhancementRequestStatus.of(status)}
    assert is_read_unchanged(sdk, EnhancementRequestRead.model_validate(fields))


@pytest.mark.parametrize("model", [PullRobot, ProvisionedPullRobot], ids=lambda model: model.__name__)
def test_a_robot_is_read_as_the_release_registers_it(sdk: Release, model: Model) -> None:
    without = {name: value for name, value in FULL[model].items() if name != "base_url"}
    old = sdk.version not in since("0.5.0")
    assert is_read_unchanged(sdk, model.model_validate(FULL[model] if old else without))
    with pytest.raises(ValidationError, match="base_url"):
        sdk.model_for(model).model_validate_json(
            model.model_validate(without if old else FULL[model]).model_dump_json()
        )


def test_each_content_and_identifier_of_a_reference_is_read_unchanged(sdk: Release) -> None:
    for model, content in CONTENTS.items():
        for fields in variants(content, model):
            whole = {**fields, "enhancement_type": content["enhancement_type"]}
            assert is_line_read_unchanged(sdk, make_reference(enhancements=[{**ENHANCEMENT, "content": whole}]))
    for identifier in IDENTIFIERS.values():
        assert is_line_read_unchanged(sdk, make_reference(identifiers=[identifier]))


@thorough
@given(document=strategies.references)
def test_a_random_reference_is_read_unchanged(sdk: Release, document: Json) -> None:
    assert is_line_read_unchanged(sdk, make_reference(**document))


@pytest.mark.parametrize("scheme", ["", "a/b"])
def test_newer_releases_refuse_annotations_that_a_job_leaves_out(sdk: Release, scheme: str) -> None:
    annotations = {"enhancement_type": "annotation", "annotations": [{**BOOLEAN, "scheme": scheme}]}
    reference = make_reference(enhancements=[{**ENHANCEMENT, "content": annotations}])
    if sdk.version in since("0.7.1"):
        with pytest.raises(ValidationError, match="scheme"):
            sdk.model_for(Reference).from_jsonl(reference.model_dump_json())
    assert is_line_read_unchanged(sdk, reference)
