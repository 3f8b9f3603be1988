import json
from typing import Any

import pytest
from pydantic import ValidationError

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead, BatchStatus

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ORDER = {"robot_id": ONE, "reference_ids": [TWO, ONE, TWO]}
URLS = ("reference_data_url", "result_storage_url", "validation_result_file", "validation_result_url")


def order(sent: dict[str, Any]) -> BatchEnhancementRequestIn:
    return BatchEnhancementRequestIn.model_validate_json(json.dumps(sent), strict=True)


@pytest.mark.parametrize("fields", [{}, {"source": None}, {"source": ""}, {"source": "me\n文"}])
def test_an_order_comes_back_field_for_field_and_in_its_order(fields: dict[str, Any]) -> None:
    sent = {**ORDER, **fields}
    assert json.loads(order(sent).model_dump_json(exclude_unset=True)) == sent
    assert order({**sent, "unknown": 1}) == order(sent)


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
    ],
)
def test_a_wrong_order_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        order({**ORDER, **fields})


@pytest.mark.parametrize("left_out", ORDER)
def test_an_order_names_its_robot_and_references(left_out: str) -> None:
    with pytest.raises(ValidationError):
        order({name: value for name, value in ORDER.items() if name != left_out})


def test_an_id_is_the_same_however_it_is_written() -> None:
    assert order({**ORDER, "robot_id": ONE.replace("-", "")}) == order({**ORDER, "robot_id": ONE.upper()})


def test_the_statuses_are_those_that_clients_know() -> None:
    assert [status.value for status in BatchStatus] == [
        *("received", "accepted", "rejected", "importing"),
        *("completed", "partial_failed", "failed"),
    ]


def test_what_is_read_names_every_field() -> None:
    facts = {"id": ONE, **ORDER, "request_status": BatchStatus.RECEIVED}
    assert json.loads(BatchEnhancementRequestRead.model_validate(facts).model_dump_json()) == {
        **facts,
        **dict.fromkeys(("source", *URLS, "error")),
    }


def test_a_signed_url_is_answered_to_the_letter() -> None:
    url = "http://127.0.0.1:10000/devstoreaccount1/batches/a?se=2030-01-01T00%3A00%3A00Z&sig=a%2Bb%3d"
    facts = {"id": ONE, **ORDER, "request_status": BatchStatus.COMPLETED, **dict.fromkeys(URLS, url)}
    answered = json.loads(BatchEnhancementRequestRead.model_validate(facts).model_dump_json())
    assert {answered[name] for name in URLS} == {url}
