"""Calls to webhooks over HTTP."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from exchange.adapters.webhook_http import HttpWebhookCalls, make_headers
from exchange.domain.ids import new_id
from exchange.domain.webhook_deliveries import WebhookAnswer
from exchange.domain.webhooks import WebhookSecrets
from tests.ports.test_robot_calls import a_robot as a_receiver
from tests.ports.test_webhook_store import a_delivery

DELIVERY = a_delivery(new_id(), body='{"type": "batch.ended", "data": "\u00e9"}')
SECRETS = WebhookSecrets("a master key of a test")
SECRET, PREVIOUS, OTHER = (SECRETS.derive(DELIVERY.webhook_id, version) for version in (2, 1, 7))


async def post(url: str, secrets: Sequence[str] = (SECRET,), timeout_s: float = 5.0) -> WebhookAnswer:
    calls = HttpWebhookCalls(timeout_s, time.time, unrestricted=True)
    try:
        return await calls.post(url, secrets, DELIVERY)
    finally:
        await calls.close()


async def test_the_body_is_posted_and_can_be_verified_with_each_secret() -> None:
    received: list[tuple[str, str, str, bytes, dict[str, str]]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        received.append((request.method, request.path_qs, request.content_type, body, dict(request.headers)))
        return web.Response(status=204)

    async with a_receiver(handler) as url:
        answer = await post(f"{url}/hook?key=1", [SECRET, PREVIOUS])
    assert (answer.http_status, answer.reason, answer.accepted) == (204, None, True)
    assert answer.duration_s is not None
    ((method, path, content_type, body, headers),) = received
    assert (method, path, content_type, body) == (
        "POST",
        "/hook?key=1",
        "application/json",
        DELIVERY.body.encode(),
    )
    assert {name.lower(): value for name, value in headers.items()}["webhook-id"] == str(DELIVERY.id)
    for secret in (SECRET, PREVIOUS):
        assert Verifier(secret).verify(body, headers) == json.loads(DELIVERY.body)
    with pytest.raises(WebhookVerificationError):
        Verifier(OTHER).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(body + b" ", headers)


def test_the_signature_is_that_of_the_specification() -> None:
    """The secret, timestamp and body are those of the specification's example."""
    headers = make_headers(
        ["whsec_plJ3nmyCDGBKInavdOK15jsl"],
        DELIVERY.id,
        '{"event_type":"ping","data":{"success":true}}',
        1_731_705_121.9,
    )
    assert headers["webhook-timestamp"] == "1731705121"
    signed = f'{DELIVERY.id}.1731705121.{{"event_type":"ping","data":{{"success":true}}}}'
    assert headers["webhook-signature"] == f"v1,{sign_by_hand('plJ3nmyCDGBKInavdOK15jsl', signed)}"


def sign_by_hand(key: str, message: str) -> str:
    digest = hmac.new(base64.b64decode(key), message.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("status", [200, 202, 299])
async def test_any_2xx_is_delivered(status: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with a_receiver(handler) as url:
        assert (await post(url)).accepted


@pytest.mark.parametrize("status", [304, 400, 410, 503])
async def test_every_other_status_is_a_failure_whose_body_is_not_kept(status: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=None if status == 304 else b"secret", headers={"Retry-After": "17"})

    async with a_receiver(handler) as url:
        answer = await post(url)
    assert (answer.accepted, answer.gone) == (False, status == 410)
    assert (answer.http_status, answer.reason, answer.retry_after_s) == (status, f"HTTP {status}", 17)


async def test_a_redirect_is_not_followed() -> None:
    paths: list[str] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with a_receiver(handler) as url:
        answer = await post(f"{url}/hook")
    assert (answer.http_status, answer.accepted, paths) == (307, False, ["/hook"])


async def test_a_timeout_and_a_refused_connection_are_failures(unused_tcp_port: int) -> None:
    async def handler(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with a_receiver(handler) as url:
        silent = await post(f"{url}/?key=secret", timeout_s=0.3)
    refused = await post(f"http://127.0.0.1:{unused_tcp_port}/?key=secret")
    assert (silent.http_status, silent.reason) == (None, "no answer within 0.3 s")
    assert (refused.http_status, refused.reason) == (None, "the connection failed (ClientConnectorError)")


async def test_the_timeout_includes_a_slow_body_whose_status_counts() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.Event().wait()
        raise AssertionError

    async with a_receiver(handler) as url:
        started = time.monotonic()
        answer = await post(url, timeout_s=0.3)
    assert answer.http_status == 200
    assert time.monotonic() - started < 5


async def test_an_endless_answer_is_read_up_to_a_limit() -> None:
    sent = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)
            sent += 65_536

    async with a_receiver(handler) as url:
        assert (await post(url)).http_status == 500
    assert sent < 50_000_000
