"""Ways to get in that should not work: each a request, and the status that the contract has for it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from multidict import CIMultiDict
from yarl import URL

from samples.robot.signing import Credentials
from tests.e2e.exchange import CALLBACK, Exchange
from tests.e2e.forged_tokens import Forger

Headers = Mapping[str, str] | list[tuple[str, str]]
Body = bytes | AsyncIterator[bytes] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """A stack with robots and a batch of the first one: the second loses its secret, the third keeps it."""

    exchange: Exchange
    forger: Forger
    robot: Credentials
    other_robot: Credentials
    fresh_robot: Credentials
    batch_id: str
    reference_id: str

    def bearer(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, to the byte."""

    method: str
    path: str
    headers: Headers = field(default_factory=dict)
    body: Body = None

    async def send(self, exchange: Exchange) -> tuple[int, str, Any]:
        """Return the HTTP status, the content type, and the body as JSON if it is any."""
        url = URL(exchange.stack.api + self.path, encoded=True)
        headers = CIMultiDict(self.headers)
        async with exchange.session.request(self.method, url, data=self.body, headers=headers) as response:
            content = await response.json(content_type=None) if "json" in response.content_type else None
            return response.status, response.content_type, content


Make = Callable[[Scene], Request | Awaitable[Request]]


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that is to be answered with this status."""

    name: str
    status: int
    make: Make


def signed(scene: Scene, body: bytes = b"{}", **changed: str | None) -> Request:
    """Sign a callback rightly, then change or leave out a header: `client_id`, `timestamp`, `authorization`."""
    names = {"client_id": "X-Client-Id", "timestamp": "X-Request-Timestamp", "authorization": "Authorization"}
    headers = scene.robot.headers(body)
    for name, value in changed.items():
        del headers[names[name]]
        if value is not None:
            headers[names[name]] = value
    return Request("POST", CALLBACK, headers, body)


def signed_at(scene: Scene, timestamp: str, body: bytes = b"{}") -> Request:
    """Sign with this as the timestamp: the signature fits, but for the time."""
    signature = scene.robot._signature(body, timestamp)
    return signed(scene, body, authorization=f"Signature {signature}", timestamp=timestamp)


def callback_of(robot: Credentials, body: bytes) -> Request:
    return Request("POST", CALLBACK, robot.headers(body), body)


def as_operator(scene: Scene, method: str, path: str, body: Body = None, **headers: str) -> Request:
    token = scene.exchange.stack.tokens["operator"]
    return Request(method, path, {**scene.bearer(token), **headers}, body)


def as_requestor(scene: Scene, method: str, path: str, body: Body = None) -> Request:
    token = scene.exchange.stack.tokens["requestor"]
    return Request(method, path, scene.bearer(token), body)


def stranger() -> UUID:
    return UUID("99999999-9999-4999-8999-999999999999")


def seconds_off(offset: float) -> str:
    return str(time.time() + offset)


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Give a body whose length nobody says beforehand."""
    for _ in range(size // 1000):
        yield b" " * 1000


async def with_cycled_secret(scene: Scene) -> Request:
    """Cycle the other robot's secret, and sign with the old one."""
    url = f"{scene.exchange.stack.api}/robots/{scene.other_robot.robot_id}/secret/"
    headers = scene.exchange.as_role("operator")
    async with scene.exchange.session.post(url, headers=headers) as response:
        assert response.status == 201
    return callback_of(scene.other_robot, b"{}")
