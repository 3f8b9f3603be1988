import json
from typing import Any

import pytest

from exchange.contract.base import MAX_FAULTS
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.json_input import describe_ignored_fields
from exchange.contract.references import ReferenceFileInput

AN_ID = "11111111-1111-4111-8111-111111111111"


def ignored(sent: dict[str, Any]) -> list[str]:
    content = json.dumps(sent).encode()
    return describe_ignored_fields(content, ReferenceFileInput.model_validate_json(content, strict=True))


def enhancement(content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    content = {"enhancement_type": "bibliographic", **content}
    return {"source": "s", "visibility": "public", "enhancement_type": "bibliographic", "content": content, **fields}


@pytest.mark.parametrize(
    ("sent", "paths"),
    [
        ({"journal": "J", "doi": "10.1/x", "visibility": "public"}, ["journal", "doi"]),
        ({"identifiers": [{"identifier_type": "pm_id", "identifier": 1, "note": 2}]}, ["identifiers.0.note"]),
        (
            {"enhancements": [enhancement({}), enhancement({"journal": "J"}, extra={})]},
            ["enhancements.1.content.journal", "enhancements.1.extra"],
        ),
        ({"enhancements": None, "identifiers": []}, []),
        (
            {"enhancements": [enhancement({"pagination": {"volume": "1", "page": 2}})]},
            ["enhancements.0.content.pagination.page"],
        ),
        # The old name of `robot_version` is not ignored, and neither is what a model keeps as it is.
        ({"enhancements": [enhancement({}, processor_version="1")]}, []),
    ],
)
def test_every_ignored_field_is_named_with_its_path(sent: dict[str, Any], paths: list[str]) -> None:
    assert sorted(ignored(sent)) == sorted(f"Unknown field '{path}' was ignored." for path in paths)


def test_free_data_is_not_ignored() -> None:
    content = {
        "enhancement_type": "annotation",
        "annotations": [
            {"annotation_type": "boolean", "scheme": "s", "label": "l", "value": True, "data": {"any": {"thing": 1}}}
        ],
    }
    fields = {"source": "s", "visibility": "public", "enhancement_type": "annotation", "content": content}
    assert ignored({"enhancements": [fields]}) == []


def test_no_more_fields_are_named_than_faults() -> None:
    assert len(ignored({f"field_{number}": 1 for number in range(1000)})) == MAX_FAULTS


def test_an_unknown_field_of_a_batch_request_is_named() -> None:
    content = json.dumps({"robot_id": AN_ID, "reference_ids": [AN_ID], "callback_url": "https://x.example"}).encode()
    model = BatchEnhancementRequestIn.model_validate_json(content, strict=True)
    assert describe_ignored_fields(content, model) == ["Unknown field 'callback_url' was ignored."]
