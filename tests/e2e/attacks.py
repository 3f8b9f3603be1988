"""Requests that must be refused, each with the status that the contract specifies."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from multidict import CIMultiDict
from yarl import URL

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import CALLBACK, Exchange
from tests.e2e.forged_tokens import Forger

Headers = Mapping[str, str] | list[tuple[str, str]]
Body = bytes | AsyncIterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """A stack with three robots and a batch of the first one. A test cycles the secret of the second robot."""

    exchange: Exchange
    forger: Forger
    robot: Credentials
    other_robot: Credentials
    third_robot: Credentials
    batch_id: str
    reference_id: str

    def bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request, exactly as it is sent."""

    method: str
    path: str
    headers: Headers = field(default_factory=dict)
    body: Body = None

    async def send(self, exchange: Exchange) -> tuple[int, str, Any]:
        """Return the HTTP status, the content type, and the body if it is JSON."""
        url = URL(exchange.stack.api + self.path, encoded=True)
        headers = CIMultiDict(self.headers)
        async with exchange.session.request(self.method, url, data=self.body, headers=headers) as response:
            content = await response.json(content_type=None) if "json" in response.content_type else None
            return response.status, response.content_type, content


MakeRequest = Callable[[Scene], Request | Awaitable[Request]]


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that must be answered with this status."""

    name: str
    status: int
    make_request: MakeRequest


def sign_callback(scene: Scene, body: bytes = b"{}", **changed: str | None) -> Request:
    """Sign a callback correctly, then replace the headers `client_id`, `timestamp` and `authorization`.

    None removes the header.
    """
    names = {"client_id": "X-Client-Id", "timestamp": "X-Request-Timestamp", "authorization": "Authorization"}
    headers = scene.robot.headers(body)
    for name, value in changed.items():
        del headers[names[name]]
        if value is not None:
            headers[names[name]] = value
    return Request("POST", CALLBACK, headers, body)


def sign_callback_at(scene: Scene, timestamp: str, body: bytes = b"{}") -> Request:
    """Sign a callback with this timestamp. The signature is correct for it."""
    signature = scene.robot._sign(body, timestamp)
    return sign_callback(scene, body, authorization=f"Signature {signature}", timestamp=timestamp)


def make_callback(robot: Credentials, body: bytes) -> Request:
    return Request("POST", CALLBACK, robot.headers(body), body)


def as_operator(scene: Scene, method: str, path: str, body: Body = None, **headers: str) -> Request:
    token = scene.exchange.stack.tokens["operator"]
    return Request(method, path, {**scene.bearer(token), **headers}, body)


def as_requestor(scene: Scene, method: str, path: str, body: Body = None) -> Request:
    token = scene.exchange.stack.tokens["requestor"]
    return Request(method, path, scene.bearer(token), body)


def unknown_id() -> UUID:
    return UUID("99999999-9999-4999-8999-999999999999")


def now_plus(seconds: float) -> str:
    return str(time.time() + seconds)


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Yield a body in chunks, so that it is sent without its length."""
    for _ in range(size // 1000):
        yield b" " * 1000


async def sign_with_replaced_secret(scene: Scene) -> Request:
    """Revoke the secret of the second robot, then sign with it."""
    url = f"{scene.exchange.stack.api}/robots/{scene.other_robot.robot_id}/secret/?revoke=true"
    headers = scene.exchange.as_role("operator")
    async with scene.exchange.session.post(url, headers=headers) as response:
        assert response.status == 201
    return make_callback(scene.other_robot, b"{}")
