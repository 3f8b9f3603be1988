"""The exchange as a requestor sees it: HTTP and nothing else."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import aiohttp

Json = dict[str, Any]


class DemoError(Exception):
    """The demo did not go as it should; the message says where."""


class Requestor:
    """A client of the exchange."""

    def __init__(self, api: str, session: aiohttp.ClientSession) -> None:
        self._api = api
        self._session = session

    async def register_robot(self, registration: Json) -> str:
        """Register a robot; return its id."""
        robot_id: str = (await self._post("/robots/", registration, 201))["id"]
        return robot_id

    async def load(self, lines: Sequence[bytes]) -> list[str]:
        """Load a part of a references file; return the ids."""
        headers = {"Content-Type": "application/jsonl"}
        async with self._session.post(f"{self._api}/references/", data=b"\n".join(lines), headers=headers) as response:
            if not response.ok:
                raise DemoError(f"Loading references was answered with {response.status}.")
            loaded = [json.loads(line) for line in (await response.read()).splitlines()]
        if wrong := [line["error"] for line in loaded if line["error"]]:
            raise DemoError(f"A reference could not be loaded: {wrong[0]}")
        return [line["id"] for line in loaded]

    async def request(self, robot_id: str, reference_ids: Iterable[str]) -> Json:
        """Request a batch."""
        order = {"robot_id": robot_id, "reference_ids": list(reference_ids), "source": "the demo"}
        return await self._post("/references/enhancement/batch/", order, 202)

    async def read(self, batch_id: str) -> Json:
        """Read how a batch stands."""
        async with self._session.get(f"{self._api}/references/enhancement/batch/{batch_id}") as response:
            batch: Json = await response.json(content_type=None)
        if not response.ok:
            raise DemoError(f"Reading the batch was answered with {response.status}: {batch.get('detail')}")
        return batch

    async def fetch(self, url: str) -> bytes:
        """Fetch a file by its signed URL."""
        async with self._session.get(url) as response:
            if not response.ok:
                raise DemoError(f"A signed URL was answered with {response.status}.")
            return await response.read()

    async def ask(self, url: str) -> Json:
        """Get JSON from somewhere else, as a robot's account of itself."""
        async with self._session.get(url) as response:
            answer: Json = await response.json()
            return answer

    async def _post(self, path: str, body: Json, expected: int) -> Json:
        async with self._session.post(self._api + path, json=body) as response:
            answer: Json = await response.json(content_type=None)
        if response.status != expected:
            raise DemoError(f"POST {path} was answered with {response.status}: {answer.get('detail')}")
        return answer
