"""The exchange accepts what each release of the present protocol writes, and loses nothing that it supports."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from exchange.contract.robots import LinkedRobotError
from exchange.contract.v1.jobs import RobotEnhancementBatchResult
from exchange.contract.v1.requests import EnhancementRequestIn
from exchange.contract.v1.robots import NO_BASE_URL, PullRobotIn
from tests.sdk import strategies
from tests.sdk.documents import CONTENTS, ENHANCEMENT, FULL, ONE, PARTS, TWO, Json, Model, variants
from tests.sdk.reading import since
from tests.sdk.releases import Release
from tests.sdk.v1.writing import CREATED_AT, is_imported, make_entry
from tests.sdk.writing import serialize, validate
from tests.tiers import fast_or_exhaustive

thorough = settings(
    max_examples=fast_or_exhaustive(30, 100), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
NOT_SUPPORTED: list[Json] = [
    {
        "enhancement_type": "raw",
        "source_export_date": CREATED_AT,
        "description": "d",
        "data": {"a": [1]},
    },
    {
        "enhancement_type": "reference_association",
        "association_type": "cites",
        "associated_reference_ids": [ONE],
    },
    {
        "enhancement_type": "linked_data",
        "context_uri": "https://vocab.example/c",
        "vocabulary_uri": "https://vocab.example/v",
        "data": {"@context": "https://vocab.example/c"},
    },
    {"enhancement_type": "full_text", "file_url": "https://files.example/a.pdf"},
    {"enhancement_type": "tombstone", "reason": "r"},
]


def get_name(model: Model) -> str:
    return model.__name__


def find_content(sdk: Release, kind: str) -> Any:
    """Return the model of this type of content, None if the release does not have it."""
    for value in vars(sdk.enhancements).values():
        field = getattr(value, "model_fields", {}).get("enhancement_type")
        if field is not None and field.default == kind:
            return value
    return None


@pytest.mark.parametrize("model", [EnhancementRequestIn, RobotEnhancementBatchResult], ids=get_name)
def test_each_request_body_is_accepted_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], sdk.model_for(model)):
        for line in serialize(sdk.make(model, **fields)):
            read = model.model_validate_json(line, strict=True)
            assert read.model_dump(mode="json", exclude_unset=True) == json.loads(line)


def test_a_registration_is_accepted_without_its_entitlements(sdk: Release) -> None:
    fields = {
        name: value for name, value in FULL[PullRobotIn].items() if name in sdk.model_for(PullRobotIn).model_fields
    }
    if sdk.version in since("0.12.0"):
        fields["entitlements"] = ["full_text"]
    for line in serialize(sdk.make(PullRobotIn, **fields)):
        stored = PullRobotIn.model_validate_json(line, strict=True).to_stored()
        sent = {name: value for name, value in json.loads(line).items() if name != "entitlements"}
        assert stored == {"base_url": NO_BASE_URL, **sent, "delivery": "pull"}


@pytest.mark.parametrize("model", CONTENTS, ids=get_name)
def test_each_content_is_imported(sdk: Release, model: Model) -> None:
    kind = CONTENTS[model]["enhancement_type"]
    for fields in variants(CONTENTS[model], sdk.model_for(model)):
        entry = make_entry(sdk, {**ENHANCEMENT, "content": {**fields, "enhancement_type": kind}})
        assert all(map(is_imported, serialize(entry)))


@pytest.mark.parametrize("model", PARTS, ids=get_name)
def test_each_part_of_a_content_is_imported(sdk: Release, model: Model) -> None:
    whole, field = PARTS[model]
    for part in variants(FULL[model], sdk.model_for(model)):
        kind = {name: FULL[model][name] for name in ("annotation_type",) if name in FULL[model]}
        content = {"enhancement_type": CONTENTS[whole]["enhancement_type"], field: [{**part, **kind}]}
        assert all(map(is_imported, serialize(make_entry(sdk, {**ENHANCEMENT, "content": content}))))


@thorough
@given(document=strategies.enhancements)
def test_a_random_enhancement_is_imported(sdk: Release, document: Json) -> None:
    assert all(map(is_imported, serialize(make_entry(sdk, document))))


def test_what_an_enhancement_supersedes_is_ignored(sdk: Release) -> None:
    if sdk.version in since("0.17.4"):
        assert all(map(is_imported, serialize(make_entry(sdk, {**ENHANCEMENT, "supersedes": ONE}))))
    else:
        assert "supersedes" not in make_entry(sdk, ENHANCEMENT).model_dump()


def test_a_robot_error_is_reported(sdk: Release) -> None:
    for line in serialize(sdk.make(LinkedRobotError, reference_id=TWO, message="no text")):
        assert validate(line) == ("The robot reported: no text", {})


@pytest.mark.parametrize("content", NOT_SUPPORTED, ids=lambda content: content["enhancement_type"])
def test_an_unsupported_content_is_refused_for_its_entry_only(sdk: Release, content: Json) -> None:
    kind = content["enhancement_type"]
    if find_content(sdk, kind) is None:
        return
    for line in serialize(make_entry(sdk, {**ENHANCEMENT, "content": content})):
        error, imported = validate(line)
        assert imported == {}
        assert error is not None
        assert error.startswith(f"Could not be read: content: the enhancement_type '{kind}' is not supported here.")
