"""Random references and enhancements are exchanged with each release without loss, in both directions."""

import json

from hypothesis import HealthCheck, given, settings

from exchange.contract.enhancements import Enhancement
from exchange.contract.references import Reference
from tests.sdk import strategies
from tests.sdk.documents import Json
from tests.sdk.reading import expect_read, remove_nulls
from tests.sdk.releases import Release
from tests.sdk.writing import is_imported_unchanged, serialize

# Generating the documents is slow.
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(document=strategies.enhancements)
def test_an_enhancement_that_a_release_writes_is_imported_unchanged(sdk: Release, document: Json) -> None:
    assert all(map(is_imported_unchanged, serialize(sdk.model_for(Enhancement).model_validate(document))))


@thorough
@given(document=strategies.references)
def test_a_reference_that_we_send_is_read_unchanged(sdk: Release, document: Json) -> None:
    sent = Reference.model_validate(document, strict=False).model_dump_json()
    expected = expect_read(sdk, Reference, json.loads(sent))
    read = sdk.model_for(Reference).from_jsonl(sent)
    assert read.model_dump(mode="json") == expected
    assert json.loads(read.to_jsonl()) == remove_nulls(expected)
