"""The exchange as requestors see it, over HTTP; and a look into its stores, which they don't have."""

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
from exchange.domain.selection import EVERYTHING
from samples.robot.signing import Credentials
from tests.stacks import ROOT, Stack

PATIENCE_S = 40.0
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
        # The secret of each robot that was registered, by its id.
        self.secrets: dict[str, str] = {}

    def as_role(self, role: str) -> dict[str, str]:
        """Give the header by which one is let in in this role."""
        return {"Authorization": f"Bearer {self.stack.tokens[role]}"}

    async def post(self, path: str, body: Any, role: str = "operator") -> tuple[int, dict[str, Any]]:
        """Post JSON, or bytes as they are; return the HTTP status and the body."""
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
        """Post JSON, or bytes as they are, signed; return the HTTP status and the body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **credentials.headers(data)}
        async with self.session.post(self.stack.api + path, data=data, headers=headers) as response:
            return response.status, await response.json()

    async def load(self, count: int, start: int = 0) -> list[str]:
        """Load sample references and return their ids."""
        lines = SAMPLES.read_bytes().splitlines(keepends=True)[start : start + count]
        headers = {"Content-Type": "application/jsonl", **self.as_role("operator")}
        url = f"{self.stack.api}/references/"
        async with self.session.post(url, data=b"".join(lines), headers=headers) as response:
            assert response.status == 200
            loaded = [json.loads(line) for line in (await response.read()).splitlines()]
        assert all(line["error"] is None for line in loaded), loaded
        return [line["id"] for line in loaded]

    async def request(self, robot_id: str, reference_ids: list[str]) -> Batch:
        """Request a batch."""
        order = {"robot_id": robot_id, "reference_ids": reference_ids, "source": "test"}
        status, body = await self.post(BATCHES, order, role="requestor")
        assert status == 202, body
        return body

    async def read(self, batch: Batch) -> Batch:
        """Read how a batch stands."""
        url = self.stack.api + BATCHES + batch["id"]
        async with self.session.get(url, headers=self.as_role("requestor")) as response:
            assert response.status == 200
            body: Batch = await response.json()
            return body

    async def read_as_robot(self, batch: Batch, credentials: Credentials) -> Batch:
        """Read how a batch stands, as its robot."""
        url = self.stack.api + BATCHES + batch["id"]
        async with self.session.get(url, headers=credentials.headers(b"")) as response:
            assert response.status == 200
            body: Batch = await response.json()
            return body

    async def until(self, batch: Batch, status: set[str], patience_s: float = PATIENCE_S) -> Batch:
        """Wait until the batch has one of these statuses."""

        async def look() -> Batch | None:
            now = await self.read(batch)
            return now if now["request_status"] in status else None

        found: Batch = await eventually(look, f"batch {batch['id']} to be {status}", patience_s)
        return found

    async def ended(self, batch: Batch) -> Batch:
        """Wait until the batch has ended."""
        return await self.until(batch, ENDED)

    async def report(self, batch: Batch) -> list[str]:
        """Fetch the report that people read."""
        return (await self._fetch(batch["validation_result_file"])).decode().splitlines()

    async def report_lines(self, batch: Batch) -> list[dict[str, Any]]:
        """Fetch the report as JSONL."""
        return [json.loads(line) for line in (await self._fetch(batch["validation_result_url"])).splitlines()]

    async def remove(self, container: str, item_id: str, partition: str) -> None:
        """Remove an item from Cosmos DB, as nobody can over HTTP."""
        await (await self.database.container(container)).delete_item(item_id, partition_key=partition)

    async def _fetch(self, url: str) -> bytes:
        async with self.session.get(url) as response:
            assert response.status == 200
            return await response.read()

    async def stored(self, reference_id: str, source: str = "test robot") -> list[dict[str, Any]]:
        """Return the enhancements of this source that the reference has in Cosmos DB."""
        found = [item async for item in self.store.snapshot([UUID(reference_id)], EVERYTHING)]
        dumped = [item.model_dump(mode="json", exclude_unset=True) for item in (found[0].enhancements or [])]
        return [item for item in dumped if item["source"] == source]


async def eventually(look: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Look again and again until there is something, for a bounded time."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if (found := await look()) is not None:
            return found
        await asyncio.sleep(0.05)  # a bounded poll: nothing tells the client
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
