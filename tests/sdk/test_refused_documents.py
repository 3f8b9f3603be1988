"""Documents that a release can write and the exchange refuses, because they violate the contract."""

import json
import math
from typing import Any

import pytest
from pydantic import ValidationError

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.enhancements import AnnotationSet, BooleanAnnotation, Enhancement, LocationSet, ScoreAnnotation
from exchange.contract.references import EnhancementFileInput, ReferenceFileInput
from exchange.contract.robots import RobotIn
from tests.sdk.documents import BOOLEAN, CONTENTS, ENHANCEMENT, FULL, ONE, ROBOT, SCORE, Json, Model, variants
from tests.sdk.releases import RELEASES, Release
from tests.sdk.writing import is_imported_unchanged, validate

VERSION_1 = ONE.replace("-4", "-1")


def make_entry(sdk: Release, **fields: Any) -> bytes:
    known = next(variants(ENHANCEMENT, sdk.model_for(Enhancement)))
    line: str = sdk.make(Enhancement, **{**known, **fields}).to_jsonl()
    return line.encode()


def make_annotated_entry(sdk: Release, model: Model, **fields: Any) -> bytes:
    return make_entry(sdk, content=sdk.make(AnnotationSet, annotations=[sdk.make(model, **fields)]))


def can_make(sdk: Release, model: Model, fields: Json) -> bool:
    """Return whether the release accepts these fields."""
    try:
        sdk.make(model, **fields)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("field", ["reference_id", "derived_from"])
def test_ids_that_are_not_version_4_are_refused(sdk: Release, field: str) -> None:
    known = next(variants(ENHANCEMENT, sdk.model_for(Enhancement)))
    wrong = {field: VERSION_1 if field == "reference_id" else [VERSION_1]}
    assert can_make(sdk, Enhancement, {**known, **wrong}) is (sdk.version in RELEASES[:3])
    if sdk.version in RELEASES[:3]:
        error, _ = validate(make_entry(sdk, **wrong))
        assert error is not None
        assert "UUID version 4 expected" in error


@pytest.mark.parametrize(("model", "field"), [(AnnotationSet, "annotations"), (LocationSet, "locations")])
def test_empty_lists_of_annotations_or_locations_are_refused(sdk: Release, model: Model, field: str) -> None:
    assert can_make(sdk, model, {field: []}) is (sdk.version in RELEASES[:-1])
    if sdk.version in RELEASES[:-1]:
        error, _ = validate(make_entry(sdk, content=sdk.make(model, **{field: []})))
        assert error is not None
        assert f"{field}: List should have at least 1 item" in error


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_not_a_number_is_written_as_null_and_refused_if_required(sdk: Release, score: float) -> None:
    error, _ = validate(make_annotated_entry(sdk, ScoreAnnotation, **{**SCORE, "score": score}))
    assert error is not None
    assert error.endswith("Input should be a valid number")
    assert is_imported_unchanged(make_annotated_entry(sdk, BooleanAnnotation, **{**BOOLEAN, "score": score}))


def test_an_integer_that_the_store_would_round_is_refused(sdk: Release) -> None:
    error, _ = validate(make_annotated_entry(sdk, BooleanAnnotation, **{**BOOLEAN, "data": {"n": 2**53 + 1}}))
    assert error == "Could not be stored: an integer beyond 2^53 would lose digits"


@pytest.mark.parametrize("kind", ["bibliographic", "full_text"])
def test_an_enhancement_type_that_differs_from_the_content_is_refused(sdk: Release, kind: str) -> None:
    (content,) = (fields for fields in CONTENTS.values() if fields["enhancement_type"] == "abstract")
    fields = {**FULL[EnhancementFileInput], "enhancement_type": kind, "content": content}
    reference = sdk.make(ReferenceFileInput, enhancements=[sdk.make(EnhancementFileInput, **fields)])
    with pytest.raises(ValidationError, match="enhancement_type"):
        ReferenceFileInput.model_validate_json(reference.to_jsonl(), strict=True)


@pytest.mark.parametrize(
    ("model", "fields", "fault"),
    [
        (BatchEnhancementRequestIn, {"robot_id": ONE, "reference_ids": []}, "reference_ids"),
        (RobotIn, {**{name: ROBOT[name] for name in ("base_url", "description", "owner")}, "name": ""}, "name"),
    ],
    ids=["no references", "no name"],
)
def test_empty_reference_ids_and_names_are_refused(sdk: Release, model: Model, fields: Json, fault: str) -> None:
    sent = json.dumps(sdk.make(model, **fields).model_dump(mode="json"))
    with pytest.raises(ValidationError, match=rf"1 validation error for {model.__name__}\n{fault}\n"):
        model.model_validate_json(sent, strict=True)
