"""Clients of the exchange with an access token. They use its HTTP API only."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp

Json = dict[str, Any]


class DemoError(Exception):
    """The demo failed. The message says what was not as expected."""


class _Client:
    def __init__(self, api: str, token: str, session: aiohttp.ClientSession) -> None:
        self._api = api
        self._session = session
        self._authorization = {"Authorization": f"Bearer {token}"}

    async def _call(self, method: str, path: str, expected: int, body: Json | None = None) -> Json:
        url, headers = self._api + path, self._authorization
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer: Json = await response.json(content_type=None)
        if response.status != expected:
            raise DemoError(f"{method} {path} returned HTTP {response.status}: {answer.get('detail')}")
        return answer


class Operator(_Client):
    """Registers robots and loads references."""

    async def register_robot(self, registration: Json) -> Json:
        """Register a robot. Return it with its secret, which the exchange returns only once."""
        return await self._call("POST", "/robots/", 201, registration)

    async def load(self, lines: Sequence[bytes]) -> list[str]:
        """Load some lines of a references file. Return the ids of the references."""
        headers = {"Content-Type": "application/jsonl", **self._authorization}
        async with self._session.post(f"{self._api}/references/", data=b"\n".join(lines), headers=headers) as response:
            if not response.ok:
                raise DemoError(f"POST /references/ returned HTTP {response.status}.")
            loaded = [json.loads(line) for line in (await response.read()).splitlines()]
        if errors := [line["error"] for line in loaded if line["error"]]:
            raise DemoError(f"A reference could not be loaded: {errors[0]}")
        return [line["id"] for line in loaded]


class Requestor(_Client):
    """Requests batches and reads their reports."""

    async def request_batch(self, robot_id: str, reference_ids: Iterable[str]) -> Json:
        """Request the enhancement of these references."""
        body = {"robot_id": robot_id, "reference_ids": list(reference_ids), "source": "the demo"}
        return await self._call("POST", "/references/enhancement/batch/", 202, body)

    async def read_batch(self, batch_id: str) -> Json:
        """Read the state of a batch."""
        return await self._call("GET", f"/references/enhancement/batch/{batch_id}", 200)

    async def read_reference(self, reference_id: str) -> Json:
        """Read a reference with all its enhancements."""
        return await self._call("GET", f"/references/{reference_id}/", 200)

    async def fetch(self, url: str) -> bytes:
        """Download a file from its signed URL, which needs no token."""
        async with self._session.get(url) as response:
            if not response.ok:
                raise DemoError(f"The download from a signed URL returned HTTP {response.status}.")
            return await response.read()

    async def fetch_json(self, url: str) -> Json:
        """Download JSON without the token, such as the robot's account of its mistakes."""
        async with self._session.get(url) as response:
            answer: Json = await response.json()
            return answer
