"""Whatever is in a reference or an enhancement comes through, both ways."""

import json

from hypothesis import HealthCheck, given, settings

from exchange.contract.enhancements import Enhancement
from exchange.contract.references import Reference
from tests.sdk import strategies
from tests.sdk.documents import Json
from tests.sdk.reading import as_read_by, without_nulls
from tests.sdk.releases import Release
from tests.sdk.writing import imported, written

# The documents are put together of many parts, which is slow in itself.
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@thorough
@given(document=strategies.enhancements)
def test_any_enhancement_that_a_release_writes_is_imported_as_it_is(sdk: Release, document: Json) -> None:
    assert all(map(imported, written(sdk.of(Enhancement).model_validate(document))))


@thorough
@given(document=strategies.references)
def test_any_reference_that_we_send_comes_back_as_it_was(sdk: Release, document: Json) -> None:
    sent = Reference.model_validate(document, strict=False).model_dump_json()
    expected = as_read_by(sdk, Reference, json.loads(sent))
    read = sdk.of(Reference).from_jsonl(sent)
    assert read.model_dump(mode="json") == expected
    assert json.loads(read.to_jsonl()) == without_nulls(expected)
