"""What is answered over HTTP in Microsoft's code is what the local host answers, to the header."""

import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from samples.robot.signing import Credentials
from tests.e2e.exchange import CALLBACK, SAMPLES, Exchange

# What differs from one stack to the other, or comes from the server that stands before the host.
_OWN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|\d{4}-\d\d-\d\dT[\d:.]+Z")
_SERVERS = {"date", "server", "content-length"}
_UNKNOWN = "8c1f5a3e-58a4-4c6f-9c3e-1d0f2f9a7b10"

Answer = tuple[int, Mapping[str, str], str]


async def call(exchange: Exchange, method: str, path: str, **options: Any) -> Answer:
    """Call, and return status, headers and body."""
    async with exchange.session.request(method, exchange.stack.api + path, **options) as response:
        headers = {name.lower(): value for name, value in response.headers.items() if name.lower() not in _SERVERS}
        return response.status, headers, (await response.read()).decode()


async def both(exchange: Exchange, local: Exchange, method: str, path: str, **options: Any) -> Answer:
    """Call both as an operator, assert that they answer the same, and return the answer."""
    answers = []
    for one in (exchange, local):
        given = {**options, "headers": {**one.as_role("operator"), **options.get("headers", {})}}
        status, headers, body = await call(one, method, path, **given)
        answers.append((status, headers, _OWN.sub("own", body)))
    assert answers[0] == answers[1]
    return answers[0]


_BATCHES_REJECTED = "/references/enhancement/batch/?status=rejected"


@pytest.mark.parametrize(
    "path", ["/health", "/HEALTH/", "/openapi.json", "/docs", _BATCHES_REJECTED, f"{_BATCHES_REJECTED}&continuation="]
)
async def test_what_is_read_is_answered(exchange: Exchange, local: Exchange, path: str) -> None:
    status, headers, body = await both(exchange, local, "GET", path)
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
async def test_a_problem_is_the_same_problem(
    exchange: Exchange, local: Exchange, request_line: str, body: bytes, status: int
) -> None:
    answer = await both(exchange, local, *request_line.split(), data=body)
    assert answer[0] == status


async def test_whoever_shows_nothing_is_told_what_to_show(exchange: Exchange, local: Exchange) -> None:
    status, headers, _ = await both(exchange, local, "GET", "/robots/", headers={"Authorization": ""})
    assert (status, headers["www-authenticate"]) == (401, "Bearer")


async def test_a_robot_is_registered(exchange: Exchange, local: Exchange) -> None:
    robot = {"name": "名", "base_url": "http://127.0.0.1:1/", "description": "", "owner": "o"}
    status, _, body = await both(exchange, local, "POST", "/robots/", json=robot)
    assert status == 201
    assert json.loads(body)["name"] == "名"


async def test_a_file_of_lines_is_loaded(exchange: Exchange, local: Exchange) -> None:
    lines = b"".join(SAMPLES.read_bytes().splitlines(keepends=True)[100:103]) + b"\xff\n"
    headers = {"Content-Type": "application/jsonl; charset=utf-8"}
    status, answered, body = await both(exchange, local, "POST", "/references/", data=lines, headers=headers)
    assert (status, answered["content-type"]) == (200, "application/jsonl")
    assert [json.loads(line)["error"] is None for line in body.splitlines()] == [True, True, True, False]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_robot_s_call_is_taken_by_its_exact_bytes(
    exchange: Exchange, local: Exchange, content_type: str
) -> None:
    body = f'\t{{ "request_id" :"{_UNKNOWN}",\r\n"error":{{"message":"\\u00e9 \u00e9"}}}}  \n'.encode()
    for one in (exchange, local):
        robot_id = await one.register_robot("http://127.0.0.1:1/")
        signed = Credentials(UUID(robot_id), one.secrets[robot_id]).headers(body)
        headers = {**signed, "Content-Type": content_type}
        assert (await call(one, "POST", CALLBACK, data=body, headers=headers))[0] == 404
        assert (await call(one, "POST", CALLBACK, data=body[:-1], headers=headers))[0] == 401
