import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchListQuery, BatchStatus
from exchange.domain.errors import InputRejected, NotJson, TooLarge, UnsupportedMediaType
from exchange.domain.limits import Limits
from exchange.ports import Services
from functions.http.endpoints import Access, Content, Endpoint
from functions.http.register import ENDPOINTS
from functions.http.requests import ApiRequest, check_query
from functions.http.responses import respond
from tests.unit.functions.http.conftest import MAX_BYTES, make_request

ID = "11111111-1111-4111-8111-111111111111"
BATCH_REQUEST = {"robot_id": ID, "reference_ids": [ID], "source": "文"}


def replace_limit(services: Services) -> Services:
    """Return the services with the default limits."""
    return replace(services, limits=Limits())


ParseBody = Callable[[bytes], BatchEnhancementRequestIn]


class TestBody:
    @pytest.fixture
    def parse(self, services: Services) -> ParseBody:
        return lambda body: ApiRequest(make_request(body), None, services).parse_body(BatchEnhancementRequestIn)

    def test_a_body_is_read_as_utf_8_without_conversions(self, parse: ParseBody) -> None:
        body = json.dumps(BATCH_REQUEST, ensure_ascii=False).encode()
        assert json.loads(parse(body).model_dump_json(exclude_unset=True)) == BATCH_REQUEST

    @pytest.mark.parametrize(
        "body", [b"", b" ", b"{", b"robot_id=1", b'{"source": "\xff"}', b"[" * 250, b"{} {}", b"\xff\xfe{\x00}\x00"]
    )
    def test_a_body_that_is_not_json_has_one_fault(self, parse: ParseBody, body: bytes) -> None:
        with pytest.raises(NotJson, match=r"^Invalid JSON: ") as raised:
            parse(body)
        assert len(raised.value.faults) == 1

    @pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"{}", b"7"])
    def test_json_of_the_wrong_type_is_not_reported_as_invalid_json(self, parse: ParseBody, body: bytes) -> None:
        with pytest.raises(InputRejected) as raised:
            parse(body)
        assert type(raised.value) is InputRejected

    @pytest.mark.parametrize("text", ["[" * 25_001, "[]," * 12_501 + "{}," * 12_500])
    def test_a_body_with_too_many_brackets_is_refused_before_it_is_parsed(self, services: Services, text: str) -> None:
        request = ApiRequest(make_request(b'{"unknown": [' + text.encode()), None, replace_limit(services))
        with pytest.raises(TooLarge, match=r"^The body is not parsed: it has more than 25000 brackets"):
            request.parse_body(BatchEnhancementRequestIn)

    def test_each_fault_is_a_sentence_with_the_path_and_the_reason(self, parse: ParseBody) -> None:
        wrong: dict[str, Any] = {"reference_ids": [ID, "x"], "source": 7}
        with pytest.raises(InputRejected) as raised:
            parse(json.dumps(wrong).encode())
        assert list(raised.value.faults) == [
            "robot_id: Field required.",
            "reference_ids.1: Input should be a valid UUID, invalid character: found `x` at 0.",
            "source: Input should be a valid string.",
        ]

    def test_only_the_first_of_many_wrong_ids_is_described(self, parse: ParseBody) -> None:
        with pytest.raises(InputRejected) as raised:
            parse(json.dumps({**BATCH_REQUEST, "reference_ids": [1] * 50}).encode())
        assert list(raised.value.faults) == ["reference_ids.0: UUID input should be a string, bytes or UUID object."]

    def test_a_body_may_have_as_many_bytes_as_the_limit_and_no_more(self, parse: ParseBody, services: Services) -> None:
        assert ApiRequest(make_request(b"x" * MAX_BYTES), None, services).read_body() == b"x" * MAX_BYTES
        too_large = b" " * (MAX_BYTES + 1)
        for read in (parse, lambda body: ApiRequest(make_request(body), None, services).read_body()):
            with pytest.raises(TooLarge, match=r"at most 300 bytes\. This one has 301\."):
                read(too_large)

    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [
            ("application/jsonl", True),
            ("Application/JSONL; charset=utf-8", True),
            (" application/jsonl ;x", True),
            ("application/json", False),
            ("application/jsonlines", True),
            ("application/x-jsonlines", True),
            ("application/ndjson; charset=utf-8", True),
            ("application/x-ndjson", True),
            ("text/plain", False),
            ("", False),
        ],
    )
    def test_the_content_type_decides_whether_a_body_has_lines(
        self, services: Services, content_type: str, *, expected: bool
    ) -> None:
        request = ApiRequest(make_request(headers={"Content-Type": content_type}), None, services)
        assert request.has_lines is expected
        assert not ApiRequest(make_request(), None, services).has_lines


class TestQuery:
    @staticmethod
    def parse(params: Mapping[str, str], services: Services) -> BatchListQuery:
        return ApiRequest(make_request(params=params), None, services).parse_query(BatchListQuery)

    def test_unknown_parameters_of_a_query_are_ignored(self, services: Services) -> None:
        query = self.parse({"status": "failed", "unknown": "1"}, services)
        assert query == BatchListQuery(status=[BatchStatus.FAILED])

    def test_a_fault_of_a_query_is_a_sentence(self, services: Services) -> None:
        with pytest.raises(InputRejected) as raised:
            self.parse({"status": "lost"}, services)
        (fault,) = raised.value.faults
        assert fault.startswith("status.0: Input should be 'received', ")
        assert fault.endswith("'failed'.")


class TestPath:
    @staticmethod
    def parse(text: str, services: Services) -> UUID:
        return ApiRequest(make_request(route_params={"batch_id": text}), None, services).parse_path_id("batch_id")

    @pytest.mark.parametrize("text", [ID, ID.upper(), ID.replace("-", "")])
    def test_every_notation_of_a_uuid_is_accepted(self, services: Services, text: str) -> None:
        assert self.parse(text, services) == UUID(ID)

    @pytest.mark.parametrize("text", ["", "x", "7", ID[:-1], "11111111-1111-1111-8111-111111111111"])
    def test_an_id_that_is_not_a_version_4_uuid_is_refused(self, services: Services, text: str) -> None:
        with pytest.raises(InputRejected, match=r"^batch_id must be a version 4 UUID\.$"):
            self.parse(text, services)


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "GZIP", "identity, gzip"])
def test_a_compressed_body_is_refused_before_it_is_parsed(services: Services, encoding: str) -> None:
    request = ApiRequest(make_request(b"{}", headers={"Content-Encoding": encoding}), None, services)
    with pytest.raises(UnsupportedMediaType, match="Compressed bodies are not accepted"):
        request.parse_body(BatchListQuery)


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_a_body_that_is_not_compressed_is_read(services: Services, encoding: str) -> None:
    request = ApiRequest(make_request(b"{}", headers={"Content-Encoding": encoding}), None, services)
    assert request.parse_body(BatchListQuery) == BatchListQuery()


def test_a_byte_order_mark_before_a_body_is_ignored(services: Services) -> None:
    request = ApiRequest(make_request(b"\xef\xbb\xbf{}"), None, services)
    assert request.parse_body(BatchListQuery) == BatchListQuery()


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_nan_is_not_json_even_in_an_unknown_field(services: Services, number: bytes) -> None:
    request = ApiRequest(make_request(b'{"unknown": ' + number + b"}"), None, services)
    with pytest.raises(NotJson, match="NaN and Infinity are not JSON"):
        request.parse_body(BatchListQuery)


def test_several_values_get_the_hint_of_the_endpoint(services: Services) -> None:
    request = ApiRequest(make_request(b"{}\n{}"), None, services)
    with pytest.raises(NotJson, match=r"trailing characters.* Send lines\."):
        request.parse_body(BatchListQuery, "Send lines.")


def test_an_unknown_query_parameter_is_refused_and_the_known_ones_are_named() -> None:
    request = make_request(params={"statuss": "failed"})
    with pytest.raises(InputRejected, match=r"'statuss' does not exist\. Allowed: status, .*, metadata\.<key>\."):
        check_query(request, BatchListQuery)
    with pytest.raises(InputRejected, match=r"This endpoint has no query parameters\."):
        check_query(request, None)
    with pytest.raises(InputRejected, match=r"'metadata' does not exist"):
        check_query(make_request(params={"metadata": "x"}), BatchListQuery)
    check_query(make_request(params={"status": "failed", "metadata.review": "7"}), BatchListQuery)


@pytest.mark.parametrize(
    "endpoint",
    # The address of a screen of the console may have any filters. The console reads them.
    [endpoint for endpoint in ENDPOINTS if endpoint.path != "console/{path}"],
    ids=lambda endpoint: f"{endpoint.method} {endpoint.path}",
)
@pytest.mark.parametrize("name", ["statuss", "metadata", "Status", ""])
async def test_an_unknown_query_parameter_is_refused_by_every_endpoint(
    services: Services, endpoint: Endpoint, name: str
) -> None:
    async def handler(_request: ApiRequest) -> Content:
        raise AssertionError("an unknown parameter must be refused before")

    anyone = replace(endpoint, access=Access.ANYONE, handler=handler)
    request = make_request(method=endpoint.method, params={name: "x"})
    response = await respond({endpoint.method: anyone}, request, lambda: services)
    assert response.status_code == 422
    assert f"The query parameter '{name}' does not exist." in json.loads(response.get_body())["detail"]
