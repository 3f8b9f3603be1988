"""The exchange as those see it who have an access token: HTTP and nothing else."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp

Json = dict[str, Any]


class DemoError(Exception):
    """The demo did not go as it should; the message says where."""


class _Client:
    """Whoever calls the exchange with an access token."""

    def __init__(self, api: str, token: str, session: aiohttp.ClientSession) -> None:
        self._api = api
        self._session = session
        self._authorization = {"Authorization": f"Bearer {token}"}

    async def _call(self, method: str, path: str, expected: int, body: Json | None = None) -> Json:
        url, headers = self._api + path, self._authorization
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer: Json = await response.json(content_type=None)
        if response.status != expected:
            raise DemoError(f"{method} {path} was answered with {response.status}: {answer.get('detail')}")
        return answer


class Operator(_Client):
    """Looks after robots and references."""

    async def register_robot(self, registration: Json) -> Json:
        """Register a robot; return it with the secret that is shown this once."""
        return await self._call("POST", "/robots/", 201, registration)

    async def load(self, lines: Sequence[bytes]) -> list[str]:
        """Load a part of a references file; return the ids."""
        headers = {"Content-Type": "application/jsonl", **self._authorization}
        async with self._session.post(f"{self._api}/references/", data=b"\n".join(lines), headers=headers) as response:
            if not response.ok:
                raise DemoError(f"Loading references was answered with {response.status}.")
            loaded = [json.loads(line) for line in (await response.read()).splitlines()]
        if wrong := [line["error"] for line in loaded if line["error"]]:
            raise DemoError(f"A reference could not be loaded: {wrong[0]}")
        return [line["id"] for line in loaded]


class Requestor(_Client):
    """Has references enhanced."""

    async def request(self, robot_id: str, reference_ids: Iterable[str]) -> Json:
        """Request a batch."""
        order = {"robot_id": robot_id, "reference_ids": list(reference_ids), "source": "the demo"}
        return await self._call("POST", "/references/enhancement/batch/", 202, order)

    async def read(self, batch_id: str) -> Json:
        """Read how a batch stands."""
        return await self._call("GET", f"/references/enhancement/batch/{batch_id}", 200)

    async def reference(self, reference_id: str) -> Json:
        """Read a reference with all that is known of it by now."""
        return await self._call("GET", f"/references/{reference_id}/", 200)

    async def fetch(self, url: str) -> bytes:
        """Fetch a file by its signed URL: it needs no token."""
        async with self._session.get(url) as response:
            if not response.ok:
                raise DemoError(f"A signed URL was answered with {response.status}.")
            return await response.read()

    async def ask(self, url: str) -> Json:
        """Get JSON from somewhere else, as a robot's account of itself."""
        async with self._session.get(url) as response:
            answer: Json = await response.json()
            return answer
