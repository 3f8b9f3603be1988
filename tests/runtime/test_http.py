"""Over HTTP the app answers the same in Microsoft's worker library and on the local host, including the headers."""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import CALLBACK, SAMPLES, Exchange

# Ids, secrets and times differ between the stacks.
_VARIABLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z")
# The HTTP server in front of the host sets these headers.
_SERVER_HEADERS = {"date", "server", "content-length"}
_UNKNOWN = "8c1f5a3e-58a4-4c6f-9c3e-1d0f2f9a7b10"

Answer = tuple[int, Mapping[str, str], str]


async def call(exchange: Exchange, method: str, path: str, **options: Any) -> Answer:
    """Call, and return status, headers and body."""
    async with exchange.session.request(method, exchange.stack.api + path, **options) as response:
        headers = {
            name.lower(): value for name, value in response.headers.items() if name.lower() not in _SERVER_HEADERS
        }
        return response.status, headers, (await response.read()).decode()


async def call_both(exchange: Exchange, local: Exchange, method: str, path: str, **options: Any) -> Answer:
    """Call both apps as an operator, assert that they answer the same, and return the answer."""
    answers = []
    for client in (exchange, local):
        headers = {**client.as_role("operator"), **options.get("headers", {})}
        status, answered, body = await call(client, method, path, **{**options, "headers": headers})
        answers.append((status, answered, _VARIABLE.sub("...", body)))
    assert answers[0] == answers[1]
    return answers[0]


_BATCHES_REJECTED = "/references/enhancement/batch/?status=rejected"


@pytest.mark.parametrize(
    "path",
    [
        *("/health", "/HEALTH/", "/openapi.json", "/docs", "/docs/docs.js", "/docs/swagger-ui.css?v=1"),
        *(_BATCHES_REJECTED, f"{_BATCHES_REJECTED}&continuation="),
    ],
)
async def test_reading_gets_the_same_answer(exchange: Exchange, local: Exchange, path: str) -> None:
    status, headers, body = await call_both(exchange, local, "GET", path)
    assert (status, bool(body)) == (200, True)
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("request_line", "body", "status"),
    [
        ("POST /robots/", b"{", 400),
        ("POST /robots/", b"", 400),
        ("POST /robots/", b'{"name": "\xff"}', 400),
        ("POST /robots/", b'{"name": 1}', 422),
        ("POST /references/enhancement/batch/", b'{"robot_id": null, "reference_ids": []}', 422),
        (f"GET /robots/{_UNKNOWN}", b"", 404),
        ("GET /robots/no-id", b"", 422),
        ("DELETE /health", b"", 405),
        ("GET /references/enhancement/batch/?status=lost", b"", 422),
        ("POST /references/", b" " * (10 << 20) + b"1", 413),
        ("GET /nowhere", b"", 404),
    ],
)
async def test_a_wrong_request_gets_the_same_problem(
    exchange: Exchange, local: Exchange, request_line: str, body: bytes, status: int
) -> None:
    answer = await call_both(exchange, local, *request_line.split(), data=body)
    assert answer[0] == status


async def test_a_request_without_authentication_gets_the_accepted_schemes(exchange: Exchange, local: Exchange) -> None:
    status, headers, _ = await call_both(exchange, local, "GET", "/robots/", headers={"Authorization": ""})
    assert (status, headers["www-authenticate"]) == (401, "Bearer")


async def test_registering_a_robot_gets_the_same_answer(exchange: Exchange, local: Exchange) -> None:
    robot = {"name": "名", "base_url": "http://127.0.0.1:1/", "description": "", "owner": "o"}
    status, _, body = await call_both(exchange, local, "POST", "/robots/", json=robot)
    assert status == 201
    assert json.loads(body)["name"] == "名"


async def test_loading_lines_gets_the_same_answer(exchange: Exchange, local: Exchange) -> None:
    lines = b"".join(SAMPLES.read_bytes().splitlines(keepends=True)[100:103]) + b"\xff\n"
    headers = {"Content-Type": "application/jsonl; charset=utf-8"}
    status, answered, body = await call_both(exchange, local, "POST", "/references/", data=lines, headers=headers)
    assert (status, answered["content-type"]) == (200, "application/jsonl")
    assert [json.loads(line)["error"] is None for line in body.splitlines()] == [True, True, True, False]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_signature_is_verified_over_the_exact_bytes(
    exchange: Exchange, local: Exchange, content_type: str
) -> None:
    body = f'\t{{ "request_id" :"{_UNKNOWN}",\r\n"error":{{"message":"\\u00e9 \u00e9"}}}}  \n'.encode()
    for client in (exchange, local):
        robot_id = await client.register_robot("http://127.0.0.1:1/")
        signed = Credentials(UUID(robot_id), client.secrets[robot_id]).headers(body)
        headers = {**signed, "Content-Type": content_type}
        assert (await call(client, "POST", CALLBACK, data=body, headers=headers))[0] == 404
        assert (await call(client, "POST", CALLBACK, data=body[:-1], headers=headers))[0] == 401
