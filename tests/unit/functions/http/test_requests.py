import json
from typing import Any
from uuid import UUID

import azure.functions as func
import pytest

from exchange.contract.base import MAX_FAULTS
from exchange.contract.batches import BatchEnhancementRequestIn, BatchListQuery, BatchStatus
from exchange.domain.errors import InputRejected, NotJson, TooLarge
from functions.http.requests import Call
from tests.unit.functions.http.conftest import MAX_BYTES, request

ONE = "11111111-1111-4111-8111-111111111111"
ORDER = {"robot_id": ONE, "reference_ids": [ONE], "source": "文"}


def call(sent: func.HttpRequest) -> Call:
    return Call(sent, None)


def order(body: bytes) -> BatchEnhancementRequestIn:
    return call(request(body)).read(BatchEnhancementRequestIn)


class TestBody:
    def test_it_is_read_as_utf_8_without_conversions(self) -> None:
        assert json.loads(order(json.dumps(ORDER, ensure_ascii=False).encode()).model_dump_json()) == ORDER

    @pytest.mark.parametrize(
        "body", [b"", b" ", b"{", b"robot_id=1", b'{"source": "\xff"}', b"[" * 250, b"{} {}", b"\xff\xfe{\x00}\x00"]
    )
    def test_what_is_no_json_is_told_so_in_one_fault(self, body: bytes) -> None:
        with pytest.raises(NotJson, match=r"^Invalid JSON: ") as raised:
            order(body)
        assert len(raised.value.faults) == 1

    @pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"{}", b"7"])
    def test_json_of_another_shape_is_no_broken_json(self, body: bytes) -> None:
        with pytest.raises(InputRejected) as raised:
            order(body)
        assert type(raised.value) is InputRejected

    def test_each_fault_is_a_sentence_with_where_and_why(self) -> None:
        wrong: dict[str, Any] = {"reference_ids": [ONE, "x"], "source": 7}
        with pytest.raises(InputRejected) as raised:
            order(json.dumps(wrong).encode())
        assert list(raised.value.faults) == [
            "robot_id: Field required.",
            "reference_ids.1: Input should be a valid UUID, invalid character: found `x` at 0.",
            "source: Input should be a valid string.",
        ]

    def test_of_many_faults_the_first_are_told(self) -> None:
        with pytest.raises(InputRejected) as raised:
            order(json.dumps({**ORDER, "reference_ids": list(range(50))}).encode())
        assert len(raised.value.faults) == MAX_FAULTS + 1

    def test_a_body_may_be_as_large_as_the_limit_and_no_larger(self) -> None:
        assert call(request(b"x" * MAX_BYTES)).body() == b"x" * MAX_BYTES
        for read in (Call.body, lambda sent: sent.read(BatchEnhancementRequestIn)):
            with pytest.raises(TooLarge, match="at most 300 bytes; this one has 301"):
                read(call(request(b" " * (MAX_BYTES + 1))))

    @pytest.mark.parametrize(
        ("content_type", "lines"),
        [
            ("application/jsonl", True),
            ("Application/JSONL; charset=utf-8", True),
            (" application/jsonl ;x", True),
            ("application/json", False),
            ("application/jsonlines", False),
            ("", False),
        ],
    )
    def test_a_file_of_lines_says_so(self, content_type: str, *, lines: bool) -> None:
        assert call(request(headers={"Content-Type": content_type})).has_lines is lines
        assert not call(request()).has_lines


class TestQuery:
    def test_it_is_read_and_what_is_unknown_ignored(self) -> None:
        query = call(request(params={"status": "failed", "unknown": "1"})).query(BatchListQuery)
        assert query == BatchListQuery(status=BatchStatus.FAILED)

    def test_each_fault_is_a_sentence(self) -> None:
        with pytest.raises(InputRejected) as raised:
            call(request(params={"status": "lost"})).query(BatchListQuery)
        (fault,) = raised.value.faults
        assert fault.startswith("status: Input should be 'received', ")
        assert fault.endswith("'failed'.")


class TestPath:
    @pytest.mark.parametrize("text", [ONE, ONE.upper(), ONE.replace("-", "")])
    def test_an_id_is_the_same_however_it_is_written(self, text: str) -> None:
        assert call(request(route_params={"batch_id": text})).path_id("batch_id") == UUID(ONE)

    @pytest.mark.parametrize("text", ["", "x", "7", ONE[:-1], "11111111-1111-1111-8111-111111111111"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(InputRejected, match=r"^batch_id: this is no UUID of version 4\.$"):
            call(request(route_params={"batch_id": text})).path_id("batch_id")
