"""What a release can write and the exchange refuses all the same: all of it is against the contract."""

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
from tests.sdk.writing import checked, imported

VERSION_1 = ONE.replace("-4", "-1")


def entry(sdk: Release, **fields: Any) -> bytes:
    known = next(variants(ENHANCEMENT, sdk.of(Enhancement)))
    line: str = sdk.make(Enhancement, **{**known, **fields}).to_jsonl()
    return line.encode()


def annotated(sdk: Release, model: Model, **fields: Any) -> bytes:
    return entry(sdk, content=sdk.make(AnnotationSet, annotations=[sdk.make(model, **fields)]))


def can(sdk: Release, model: Model, fields: Json) -> bool:
    """Say whether the release makes this at all."""
    try:
        sdk.make(model, **fields)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("field", ["reference_id", "derived_from"])
def test_an_id_of_another_version_than_4_which_three_releases_write(sdk: Release, field: str) -> None:
    known = next(variants(ENHANCEMENT, sdk.of(Enhancement)))
    wrong = {field: VERSION_1 if field == "reference_id" else [VERSION_1]}
    assert can(sdk, Enhancement, {**known, **wrong}) is (sdk.version in RELEASES[:3])
    if sdk.version in RELEASES[:3]:
        error, _ = checked(entry(sdk, **wrong))
        assert error is not None
        assert "UUID version 4 expected" in error


@pytest.mark.parametrize(("model", "field"), [(AnnotationSet, "annotations"), (LocationSet, "locations")])
def test_no_annotation_and_no_location_which_all_but_the_last_release_write(
    sdk: Release, model: Model, field: str
) -> None:
    assert can(sdk, model, {field: []}) is (sdk.version in RELEASES[:-1])
    if sdk.version in RELEASES[:-1]:
        error, _ = checked(entry(sdk, content=sdk.make(model, **{field: []})))
        assert error is not None
        assert f"{field}: List should have at least 1 item" in error


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_score_that_is_no_number_which_is_written_as_null(sdk: Release, score: float) -> None:
    error, _ = checked(annotated(sdk, ScoreAnnotation, **{**SCORE, "score": score}))
    assert error is not None
    assert error.endswith("Input should be a valid number")
    assert imported(annotated(sdk, BooleanAnnotation, **{**BOOLEAN, "score": score}))


def test_an_integer_that_the_store_would_round(sdk: Release) -> None:
    error, _ = checked(annotated(sdk, BooleanAnnotation, **{**BOOLEAN, "data": {"n": 2**53 + 1}}))
    assert error == "Can't be stored: an integer past 2^53 would lose digits"


@pytest.mark.parametrize("kind", ["bibliographic", "full_text"])
def test_an_enhancement_of_a_file_that_says_another_type_than_its_content_has(sdk: Release, kind: str) -> None:
    (content,) = (one for one in CONTENTS.values() if one["enhancement_type"] == "abstract")
    fields = {**FULL[EnhancementFileInput], "enhancement_type": kind, "content": content}
    made = sdk.make(ReferenceFileInput, enhancements=[sdk.make(EnhancementFileInput, **fields)])
    with pytest.raises(ValidationError, match="enhancement_type"):
        ReferenceFileInput.model_validate_json(made.to_jsonl(), strict=True)


@pytest.mark.parametrize(
    ("model", "fields", "fault"),
    [
        (BatchEnhancementRequestIn, {"robot_id": ONE, "reference_ids": []}, "reference_ids"),
        (RobotIn, {**{name: ROBOT[name] for name in ("base_url", "description", "owner")}, "name": ""}, "name"),
    ],
    ids=["no references", "no name"],
)
def test_nothing_where_something_is_needed(sdk: Release, model: Model, fields: Json, fault: str) -> None:
    sent = json.dumps(sdk.make(model, **fields).model_dump(mode="json"))
    with pytest.raises(ValidationError, match=rf"1 validation error for {model.__name__}\n{fault}\n"):
        model.model_validate_json(sent, strict=True)
