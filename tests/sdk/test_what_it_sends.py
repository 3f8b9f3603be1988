"""What a release writes, with each of its optional fields there and not there, is accepted and nothing of it lost."""

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
from exchange.contract.robots import BatchRobotResult, LinkedRobotError, RobotIn
from exchange.domain import report
from tests.sdk.documents import AUTHOR, CONTENTS, ENHANCEMENT, FULL, IDENTIFIERS, PARTS, TWO, Model, variants
from tests.sdk.releases import Release
from tests.sdk.writing import checked, imported, written


def named(model: Model) -> str:
    return model.__name__


def comes_through(model: Model, line: bytes) -> bool:
    """Say whether the endpoint's model takes it as it was sent."""
    read = model.model_validate_json(line, strict=True)
    # A file that is written by alias has the old name, and we read both.
    sent = json.loads(line.replace(b'"processor_version"', b'"robot_version"'))
    return bool(read.model_dump(mode="json", exclude_unset=True) == sent)


def entry(sdk: Release, content: Any) -> Any:
    return sdk.make(Enhancement, reference_id=TWO, source="s", visibility="public", content=content)


@pytest.mark.parametrize("model", CONTENTS, ids=named)
def test_each_content(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], sdk.of(model)):
        assert all(map(imported, written(entry(sdk, sdk.make(model, **fields)))))


@pytest.mark.parametrize("model", PARTS, ids=named)
def test_each_part_of_some_content(sdk: Release, model: Model) -> None:
    whole, field = PARTS[model]
    for fields in variants(FULL[model], sdk.of(model)):
        content = sdk.make(whole, **{field: [sdk.make(model, **fields)]})
        assert all(map(imported, written(entry(sdk, content))))


@pytest.mark.parametrize("model", CONTENTS, ids=named)
def test_each_envelope(sdk: Release, model: Model) -> None:
    content = sdk.make(model, **CONTENTS[model])
    for fields, visibility in product(variants(ENHANCEMENT, sdk.of(Enhancement)), Visibility):
        made = sdk.make(Enhancement, **{**fields, "visibility": visibility.value, "content": content})
        assert all(map(imported, written(made)))


def test_each_value_that_is_one_of_a_few(sdk: Release) -> None:
    kinds = sdk.enhancements
    contents = [
        *(kinds.AbstractContentEnhancement(process=one.value, abstract="a") for one in AbstractProcess),
        *(kinds.LocationEnhancement(locations=[kinds.Location(version=one.value)]) for one in DriverVersion),
        *(
            kinds.BibliographicMetadataEnhancement(
                authorship=[sdk.make(Authorship, **{**AUTHOR, "position": one.value})]
            )
            for one in AuthorPosition
        ),
    ]
    assert all(imported(line) for content in contents for line in written(entry(sdk, content)))


@pytest.mark.parametrize("message", ["no text", "", "two\nlines"])
def test_a_robots_error_for_one_reference(sdk: Release, message: str) -> None:
    for line in written(sdk.make(LinkedRobotError, reference_id=TWO, message=message)):
        assert checked(line) == (report.robot_said(message), {})


@pytest.mark.parametrize("model", IDENTIFIERS, ids=named)
def test_each_identifier_of_a_references_file(sdk: Release, model: Model) -> None:
    for fields in variants(IDENTIFIERS[model], sdk.of(model)):
        made = sdk.make(ReferenceFileInput, identifiers=[sdk.make(model, **fields)])
        assert all(comes_through(ReferenceFileInput, line) for line in written(made))


def test_each_enhancement_of_a_references_file(sdk: Release) -> None:
    for content in CONTENTS.values():
        full = {**FULL[EnhancementFileInput], "enhancement_type": content["enhancement_type"], "content": content}
        for fields in variants(full, sdk.of(EnhancementFileInput)):
            made = sdk.make(ReferenceFileInput, enhancements=[sdk.make(EnhancementFileInput, **fields)])
            by_alias = made.model_dump_json(by_alias=True).encode()
            assert all(comes_through(ReferenceFileInput, line) for line in (*written(made), by_alias))


@pytest.mark.parametrize("model", [BatchEnhancementRequestIn, RobotIn, BatchRobotResult, ReferenceFileInput], ids=named)
def test_each_body_and_line_of_a_file(sdk: Release, model: Model) -> None:
    for fields in variants(FULL[model], sdk.of(model)):
        assert all(comes_through(model, line) for line in written(sdk.make(model, **fields)))
