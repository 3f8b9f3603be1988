import json
from typing import Any

import pytest
from pydantic import ValidationError

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead, BatchStatus

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
REQUEST = {"robot_id": ONE, "reference_ids": [TWO, ONE, TWO]}
TIMES = ("created_at", "accepted_at", "delivered_at", "ended_at", "expires_at")
URLS = ("reference_data_url", "result_storage_url", "validation_result_file", "validation_result_url")


def read(sent: dict[str, Any]) -> BatchEnhancementRequestIn:
    return BatchEnhancementRequestIn.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize(
    "fields",
    [
        *({}, {"source": None}, {"source": ""}, {"source": "me\n文"}),
        *({"metadata": None}, {"metadata": {}}, {"metadata": {"review": "文 \x00", "a" * 64: "b" * 512, " ": ""}}),
        {"metadata": {str(number): "" for number in range(16)}},
    ],
)
def test_a_batch_request_is_read_and_written_unchanged(fields: dict[str, Any]) -> None:
    sent = {**REQUEST, **fields}
    assert json.loads(read(sent).model_dump_json(exclude_unset=True)) == sent
    assert read({**sent, "unknown": 1}) == read(sent)


@pytest.mark.parametrize(
    "fields",
    [
        {"robot_id": None},
        {"robot_id": "11111111-1111-1111-8111-111111111111"},
        {"robot_id": "robot"},
        {"reference_ids": None},
        {"reference_ids": []},
        {"reference_ids": ONE},
        {"reference_ids": {"0": ONE}},
        {"reference_ids": [ONE, None]},
        {"reference_ids": [ONE, "11111111-1111-1111-8111-111111111111"]},
        {"source": 7},
        {"metadata": []},
        {"metadata": {"": "empty"}},
        {"metadata": {"a" * 65: "long"}},
        {"metadata": {"long": "b" * 513}},
        {"metadata": {"number": 7}},
        {"metadata": {"null": None}},
        {"metadata": {str(number): "" for number in range(17)}},
    ],
)
def test_an_invalid_batch_request_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read({**REQUEST, **fields})


@pytest.mark.parametrize("missing", REQUEST)
def test_the_robot_and_the_references_are_required(missing: str) -> None:
    with pytest.raises(ValidationError):
        read({name: value for name, value in REQUEST.items() if name != missing})


def test_a_request_names_its_references_or_a_list_of_them() -> None:
    listed = {"robot_id": ONE, "reference_ids_upload": ONE}
    assert str(read(listed).reference_ids_upload) == ONE
    for fields in ({**REQUEST, **listed}, {"robot_id": ONE}, {**listed, "reference_ids_upload": None}):
        with pytest.raises(ValidationError, match="exactly one of reference_ids and reference_ids_upload is required"):
            read(fields)


def test_an_id_is_the_same_in_every_notation() -> None:
    assert read({**REQUEST, "robot_id": ONE.replace("-", "")}) == read({**REQUEST, "robot_id": ONE.upper()})


def test_the_statuses_are_the_published_ones() -> None:
    assert [status.value for status in BatchStatus] == [
        *("received", "accepted", "rejected", "importing"),
        *("completed", "partial_failed", "failed"),
    ]


def test_an_answer_contains_every_field() -> None:
    fields = {"id": ONE, **REQUEST, "request_status": BatchStatus.RECEIVED}
    assert json.loads(BatchEnhancementRequestRead.model_validate(fields).model_dump_json()) == {
        **fields,
        "test_run": False,
        **dict.fromkeys(
            ("enhancements_url", "error_code", "counts", "entries", "cancelled_at", "retry_of", "retried_as")
        ),
        "trace_id": None,
        **dict.fromkeys(("source", *URLS, "error", "metadata", "waiting_for", "warnings", *TIMES)),
        **dict.fromkeys(("parts", "part_of", "reference_ids_url")),
    }


def test_a_signed_url_is_written_unchanged() -> None:
    url = "http://127.0.0.1:10000/devstoreaccount1/batches/a?se=2030-01-01T00%3A00%3A00Z&sig=a%2Bb%3d"
    fields = {"id": ONE, **REQUEST, "request_status": BatchStatus.COMPLETED, **dict.fromkeys(URLS, url)}
    answered = json.loads(BatchEnhancementRequestRead.model_validate(fields).model_dump_json())
    assert {answered[name] for name in URLS} == {url}


def test_an_error_about_too_many_pairs_of_metadata_copies_few_of_them() -> None:
    with pytest.raises(ValidationError, match="at most 16 pairs") as raised:
        read({**REQUEST, "metadata": {str(number): "" for number in range(1000)}})
    (fault,) = raised.value.errors()
    assert len(fault["input"]) == 17
