"""The exchange accepts what each release writes, with and without each optional field, and loses nothing."""

import json
from itertools import product
from typing import Any

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.enhancements import (
    AbstractProcess,
    AuthorPosition,
    Authorship,
    DriverVersion,
    Enhancement,
    Visibility,
)
from exchange.contract.references import EnhancementFileInput, ReferenceFileInput
from exchange.contract.reports import EntryKind
from exchange.contract.robots import BatchRobotResult, LinkedRobotError, RobotIn
from exchange.domain.report import EntryResult
from tests.sdk.documents import AUTHOR, CONTENTS, ENHANCEMENT, FULL, IDENTIFIERS, PARTS, TWO, Model, variants
from tests.sdk.releases import Release
from tests.sdk.writing import is_imported_unchanged, serialize, validate


def get_name(model: Model) -> str:
    return model.__name__


def is_accepted_unchanged(model: Model, line: bytes) -> bool:
    """Return whether the endpoint's model accepts the JSON and keeps it unchanged."""
    read = model.model_validate_json(line, strict=True)
    # A file that is written by alias has the old name. We accept both.
    sent = json.loads(line.replace(b'"processor_version"', b'"robot_version"'))
    return bool(read.model_dump(mode="json", exclude_unset=True) == sent)


def make_entry(sdk: Release, content: Any) -> Any:
    return sdk.make(Enhancement, reference_id=TWO, source="s", visibility="public", content=content)


@pytest.mark.parametrize("model", CONTENTS, ids=get_name)
def test_each_content_is_imported_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], sdk.model_for(model)):
        assert all(map(is_imported_unchanged, serialize(make_entry(sdk, sdk.make(model, **fields)))))


@pytest.mark.parametrize("model", PARTS, ids=get_name)
def test_each_part_of_a_content_is_imported_unchanged(sdk: Release, model: Model) -> None:
    whole, field = PARTS[model]
    for fields in variants(FULL[model], sdk.model_for(model)):
        content = sdk.make(whole, **{field: [sdk.make(model, **fields)]})
        assert all(map(is_imported_unchanged, serialize(make_entry(sdk, content))))


@pytest.mark.parametrize("model", CONTENTS, ids=get_name)
def test_each_enhancement_is_imported_unchanged(sdk: Release, model: Model) -> None:
    content = sdk.make(model, **next(variants(CONTENTS[model], sdk.model_for(model))))
    for fields, visibility in product(variants(ENHANCEMENT, sdk.model_for(Enhancement)), Visibility):
        enhancement = sdk.make(Enhancement, **{**fields, "visibility": visibility.value, "content": content})
        assert all(map(is_imported_unchanged, serialize(enhancement)))


def test_each_value_of_an_enumeration_is_imported_unchanged(sdk: Release) -> None:
    kinds = sdk.enhancements
    contents = [
        *(kinds.AbstractContentEnhancement(process=member.value, abstract="a") for member in AbstractProcess),
        *(kinds.LocationEnhancement(locations=[kinds.Location(version=member.value)]) for member in DriverVersion),
        *(
            kinds.BibliographicMetadataEnhancement(
                authorship=[sdk.make(Authorship, **{**AUTHOR, "position": member.value})]
            )
            for member in AuthorPosition
        ),
    ]
    assert all(is_imported_unchanged(line) for content in contents for line in serialize(make_entry(sdk, content)))


@pytest.mark.parametrize("message", ["no text", "", "two\nlines"])
def test_a_robot_error_for_a_reference_is_reported(sdk: Release, message: str) -> None:
    for line in serialize(sdk.make(LinkedRobotError, reference_id=TWO, message=message)):
        assert validate(line) == (EntryResult(EntryKind.ROBOT_ERROR, TWO, message).error, {})


@pytest.mark.parametrize("model", IDENTIFIERS, ids=get_name)
def test_each_identifier_of_a_references_file_is_accepted_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(IDENTIFIERS[model], sdk.model_for(model)):
        made = sdk.make(ReferenceFileInput, identifiers=[sdk.make(model, **fields)])
        assert all(is_accepted_unchanged(ReferenceFileInput, line) for line in serialize(made))


def test_each_enhancement_of_a_references_file_is_accepted_unchanged(sdk: Release) -> None:
    for content in CONTENTS.values():
        full = {**FULL[EnhancementFileInput], "enhancement_type": content["enhancement_type"], "content": content}
        for fields in variants(full, sdk.model_for(EnhancementFileInput)):
            made = sdk.make(ReferenceFileInput, enhancements=[sdk.make(EnhancementFileInput, **fields)])
            by_alias = made.model_dump_json(by_alias=True).encode()
            assert all(is_accepted_unchanged(ReferenceFileInput, line) for line in (*serialize(made), by_alias))


@pytest.mark.parametrize(
    "model", [BatchEnhancementRequestIn, RobotIn, BatchRobotResult, ReferenceFileInput], ids=get_name
)
def test_each_request_body_is_accepted_unchanged(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], sdk.model_for(model)):
        assert all(is_accepted_unchanged(model, line) for line in serialize(sdk.make(model, **fields)))
