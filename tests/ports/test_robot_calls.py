"""Calls to robots over real HTTP."""

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

REQUEST = BatchRobotRequest(
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


async def send_job(base_url: str, timeout_s: float = 5.0, *, anywhere: bool = True) -> RobotAnswer:
    robot = Robot(id=ROBOT_ID, name="r", base_url=base_url, description="", owner="")
    calls = HttpRobotCalls(timeout_s, timeout_s, time.time, anywhere=anywhere)
    try:
        return await calls.send_job(robot, "secret", REQUEST)
    finally:
        await calls.close()


@pytest.mark.parametrize("end", ["", "/", "/robots/design/"])
async def test_the_request_is_posted_to_batch_below_the_base_url(end: str) -> None:
    seen: list[tuple[str, str, str, dict[str, object]]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, request.path, request.content_type, await request.json()))
        return web.Response(status=202)

    async with a_robot(handler) as url:
        answer = await offer(url + end)
    assert answer.accepted
    ((method, path, content_type, body),) = seen
    assert (method, path, content_type) == ("POST", f"{end.rstrip('/')}/batch/", "application/json")
    assert body == json.loads(REQUEST.model_dump_json())
    assert set(body) == {"id", "reference_storage_url", "result_storage_url", "extra_fields"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"detail": "Only\\nEnglish."}', "Only English."),
        (b'{"message": "m", "error": {"x": 1}}', "m"),
        (b"plain  words", "plain words"),
        (b"", "no further words"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 20_000, None),
        (b"x" * 100_000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
async def test_the_robots_words_are_kept_short_and_on_one_line(body: bytes, words: str | None) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=422, body=body)

    async with a_robot(handler) as url:
        answer = await offer(url)
    assert answer.http_status == 422
    assert not answer.retryable
    assert "\n" not in answer.words
    assert len(answer.words) <= 2_002
    assert words is None or answer.words == words


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_may_be_tried_again_carries_how_long_to_wait(status: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "17"})

    async with a_robot(handler) as url:
        answer = await offer(url)
    assert answer.retryable
    assert answer.retry_after_s == 17


async def test_a_retry_after_may_be_a_date_and_nonsense_is_none() -> None:
    dates = iter(["Fri, 31 Dec 2100 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"])

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": next(dates)})

    async with a_robot(handler) as url:
        future, past, nonsense = [(await offer(url)).retry_after_s for _ in range(3)]
    assert future is not None
    assert future > 10**9
    assert (past, nonsense) == (0, None)


async def test_a_redirect_is_not_followed() -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with a_robot(handler) as url:
        answer = await offer(url)
    assert answer.http_status == 307
    assert not answer.accepted
    assert not answer.retryable
    assert paths == ["/batch/"]


async def test_silence_and_a_refused_connection_are_no_answer(unused_tcp_port: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with a_robot(handler) as url:
        silent = await offer(url, timeout_s=0.3)
    refused = await offer(f"http://127.0.0.1:{unused_tcp_port}")
    for answer in (silent, refused):
        assert answer.http_status is None
        assert answer.retryable
        assert "sig=" not in answer.words
    assert silent.words == "no answer within 0.3 s"
