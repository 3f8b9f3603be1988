"""Calls to robots over HTTP."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from exchange.adapters.robot_http import HttpRobotCalls
from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.ids import new_id
from exchange.domain.robot_answer import RobotAnswer

JOB = BatchRobotRequest(
    id=new_id(), reference_storage_url="https://b.test/r?sig=x", result_storage_url="https://b.test/w?sig=y"
)
ROBOT_ID = new_id()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def a_robot(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def send_job(base_url: str, timeout_s: float = 5.0) -> RobotAnswer:
    robot = Robot(id=ROBOT_ID, name="r", base_url=base_url, description="", owner="")
    calls = HttpRobotCalls(timeout_s, timeout_s, time.time, unrestricted=True)
    try:
        return await calls.send_job(robot, "secret", JOB)
    finally:
        await calls.close()


@pytest.mark.parametrize("end", ["", "/", "/robots/design/"])
async def test_the_job_is_posted_to_batch_below_the_base_url(end: str) -> None:
    requests: list[tuple[str, str, str, dict[str, object]]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        requests.append((request.method, request.path, request.content_type, await request.json()))
        return web.Response(status=202)

    async with a_robot(handler) as url:
        answer = await send_job(url + end)
    assert answer.accepted
    ((method, path, content_type, body),) = requests
    assert (method, path, content_type) == ("POST", f"{end.rstrip('/')}/batch/", "application/json")
    assert body == json.loads(JOB.model_dump_json())
    assert set(body) == {"id", "reference_storage_url", "result_storage_url", "extra_fields"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"detail": "Only\\nEnglish."}', "Only English."),
        (b'{"message": "m", "error": {"x": 1}}', "m"),
        (b"plain  text", "plain text"),
        (b"", "no message"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 20_000, None),
        (b"x" * 100_000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_the_robots_message_is_shortened_to_one_line(body: bytes, message: str | None) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=422, body=body)

    async with a_robot(handler) as url:
        answer = await send_job(url)
    assert answer.http_status == 422
    assert not answer.retryable
    assert "\n" not in answer.message
    assert len(answer.message) <= 2_002
    assert message is None or answer.message == message


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_retryable_answer_has_the_retry_delay(status: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "17"})

    async with a_robot(handler) as url:
        answer = await send_job(url)
    assert answer.retryable
    assert answer.retry_after_s == 17


async def test_retry_after_may_be_a_date_and_is_ignored_if_invalid() -> None:
    dates = iter(["Fri, 31 Dec 2100 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"])

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": next(dates)})

    async with a_robot(handler) as url:
        future, past, invalid = [(await send_job(url)).retry_after_s for _ in range(3)]
    assert future is not None
    assert future > 10**9
    assert (past, invalid) == (0, None)


async def test_a_redirect_is_not_followed() -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with a_robot(handler) as url:
        answer = await send_job(url)
    assert answer.http_status == 307
    assert not answer.accepted
    assert not answer.retryable
    assert paths == ["/batch/"]


async def test_a_timeout_and_a_refused_connection_are_retryable(unused_tcp_port: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with a_robot(handler) as url:
        silent = await send_job(url, timeout_s=0.3)
    refused = await send_job(f"http://127.0.0.1:{unused_tcp_port}")
    for answer in (silent, refused):
        assert answer.http_status is None
        assert answer.retryable
        assert "sig=" not in answer.message
    assert silent.message == "no answer within 0.3 s"
