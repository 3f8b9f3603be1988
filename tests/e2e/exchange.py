"""A client of the exchange over HTTP, with direct access to its database."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp

from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.domain.ids import new_id
from samples.robot_from_scratch.signing import Credentials
from tests.references import read_one
from tests.stacks import ROOT, Stack

PATIENCE_S = 120.0
ENDED = {"completed", "partial_failed", "failed", "rejected"}
SAMPLES = ROOT / "samples" / "references.jsonl"
BATCHES = "/references/enhancement/batch/"
CALLBACK = "/robot/enhancement/batch/"
Batch = dict[str, Any]


class Exchange:
    """A client of one stack."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, database: CosmosDatabase) -> None:
        self.stack = stack
        self.session = session
        self.database = database
        self.store = CosmosReferenceStore(database, 4)
        # The secret of each registered robot, by the robot's id.
        self.secrets: dict[str, str] = {}

    def as_role(self, role: str) -> dict[str, str]:
        """Return the header with an access token of this role."""
        return {"Authorization": f"Bearer {self.stack.tokens[role]}"}

    async def post(self, path: str, body: Any, role: str = "operator") -> tuple[int, dict[str, Any]]:
        """Post JSON, or bytes unchanged, and return the HTTP status and the body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **self.as_role(role)}
        async with self.session.post(self.stack.api + path, data=data, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def register_robot(self, url: str, **fields: Any) -> str:
        """Register a robot and return its id."""
        robot = {"name": f"robot {new_id()}", "base_url": url, "description": "d", "owner": "o", **fields}
        status, body = await self.post("/robots/", robot)
        assert status == 201, body
        self.secrets[body["id"]] = body["client_secret"]
        return str(body["id"])

    async def call_as_robot(
        self, credentials: Credentials, body: Any, path: str = CALLBACK
    ) -> tuple[int, dict[str, Any]]:
        """Post JSON, or bytes unchanged, with a signature, and return the HTTP status and the body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **credentials.headers(data)}
        async with self.session.post(self.stack.api + path, data=data, headers=headers) as response:
            return response.status, await response.json()

    async def load_references(self, count: int, start: int = 0) -> list[str]:
        """Load sample references and return their ids."""
        lines = SAMPLES.read_bytes().splitlines(keepends=True)[start : start + count]
        headers = {"Content-Type": "application/jsonl", **self.as_role("operator")}
        url = f"{self.stack.api}/references/"
        async with self.session.post(url, data=b"".join(lines), headers=headers) as response:
            assert response.status == 200
            loaded = [json.loads(line) for line in (await response.read()).splitlines()]
        assert all(line["error"] is None for line in loaded), loaded
        return [line["id"] for line in loaded]

    async def request_batch(self, robot_id: str, reference_ids: list[str]) -> Batch:
        request = {"robot_id": robot_id, "reference_ids": reference_ids, "source": "test"}
        status, body = await self.post(BATCHES, request, role="requestor")
        assert status == 202, body
        return body

    async def read(self, batch: Batch) -> Batch:
        """Read the batch request as its requestor."""
        return await self._read(batch, self.as_role("requestor"))

    async def read_as_robot(self, batch: Batch, credentials: Credentials) -> Batch:
        """Read the batch request as its robot."""
        return await self._read(batch, credentials.headers(b""))

    async def _read(self, batch: Batch, headers: dict[str, str]) -> Batch:
        async with self.session.get(self.stack.api + BATCHES + batch["id"], headers=headers) as response:
            assert response.status == 200
            body: Batch = await response.json()
            return body

    async def wait_until(self, batch: Batch, statuses: set[str], patience_s: float = PATIENCE_S) -> Batch:
        """Wait until the batch request has one of these statuses, and return it."""

        async def read_if_reached() -> Batch | None:
            current = await self.read(batch)
            return current if current["request_status"] in statuses else None

        found: Batch = await wait_for(read_if_reached, f"batch {batch['id']} to be {statuses}", patience_s)
        return found

    async def wait_until_ended(self, batch: Batch) -> Batch:
        return await self.wait_until(batch, ENDED)

    async def read_report(self, batch: Batch) -> list[str]:
        """Return the lines of the report as text."""
        return (await self._download(batch["validation_result_file"])).decode().splitlines()

    async def read_report_lines(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the entries of the report as JSON lines."""
        return [json.loads(line) for line in (await self._download(batch["validation_result_url"])).splitlines()]

    async def _download(self, url: str) -> bytes:
        async with self.session.get(url) as response:
            assert response.status == 200
            return await response.read()

    async def remove_item(self, container: str, item_id: str, partition: str) -> None:
        """Remove an item from Cosmos DB, for which the API has no operation."""
        await (await self.database.container(container)).delete_item(item_id, partition_key=partition)

    async def list_enhancements(self, reference_id: str, source: str = "test robot") -> list[dict[str, Any]]:
        """Return the enhancements of this source that the reference has in Cosmos DB."""
        found = await read_one(self.store, UUID(reference_id))
        dumped = [item.model_dump(mode="json", exclude_unset=True) for item in found.enhancements or []]
        return [item for item in dumped if item["source"] == source]


async def wait_for(check: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Call `check` until it returns a value other than None, and return that. Fails after the time in seconds."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if (found := await check()) is not None:
            return found
        await asyncio.sleep(0.05)  # the exchange does not notify its clients
    raise AssertionError(f"waited {patience_s:g} s for {what}")


@asynccontextmanager
async def exchange_on(stack: Stack) -> AsyncIterator[Exchange]:
    """Make a client of this stack."""
    settings = stack.settings
    os.environ["SSL_CERT_FILE"] = settings["SSL_CERT_FILE"]
    database = CosmosDatabase(settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"], settings["COSMOS_DATABASE"])
    async with aiohttp.ClientSession() as session:
        yield Exchange(stack, session, database)
    await database.close()
