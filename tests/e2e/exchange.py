"""The clients of one exchange, with direct access to its database. What a client cannot send is sent raw."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
from pydantic import BaseModel

from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.client import AsyncClient, RetryPolicy
from exchange.contract.robots import Delivery, RobotIn, RobotSettings
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
    """What tests do with one stack."""

    def __init__(self, stack: Stack, session: aiohttp.ClientSession, database: CosmosDatabase) -> None:
        self.stack = stack
        self._clients: dict[tuple[str, str], AsyncClient] = {}
        self.session = session
        self.database = database
        self.store = CosmosReferenceStore(database, 4)
        # The secret of each registered robot, by the robot's id.
        self.secrets: dict[str, str] = {}

    def as_user(self, role: str) -> AsyncClient:
        """Return the client of this role. It repeats nothing, so that no fault of the exchange is hidden."""
        # The address changes if a test starts the function app again.
        key = (self.stack.api, role)
        if key not in self._clients:
            self._clients[key] = AsyncClient(self.stack.api, lambda: self.stack.tokens[role], RetryPolicy(attempts=1))
        return self._clients[key]

    async def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            await client.close()

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
        described = {"name": f"robot {new_id()}", "base_url": url, "description": "d", "owner": "o", **fields}
        robot = await self.as_user("operator").register_robot(RobotIn.model_validate(described))
        self.secrets[str(robot.id)] = robot.client_secret
        return str(robot.id)

    async def register_pull_robot(self, *needs: str) -> str:
        """Register a robot that fetches its jobs and needs these enhancements. The exchange could not call it."""
        robot_id = await self.register_robot("http://127.0.0.1:9", dependent_enhancements=needs)
        await self.as_user("operator").change_robot(UUID(robot_id), RobotSettings(delivery=Delivery.PULL))
        return robot_id

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
        lines = SAMPLES.read_bytes().splitlines()[start : start + count]
        loaded = [line async for line in self.as_user("operator").load_references(lines)]
        assert all(line.error is None for line in loaded), loaded
        return [str(line.id) for line in loaded]

    async def request_batch(self, robot_id: str, reference_ids: list[str], **options: Any) -> Batch:
        """Request a batch as the requestor. The answer does not repeat the ids."""
        ids = map(UUID, reference_ids)
        request = self.as_user("requestor").request_batch
        return to_json(await request(robot_id=UUID(robot_id), reference_ids=ids, source="test", **options))

    async def read(self, batch: Batch) -> Batch:
        """Read the batch request as its requestor."""
        client = self.as_user("requestor")
        return to_json(await client.read_batch(UUID(batch["id"]), include_reference_ids=True))

    async def read_as_robot(self, batch: Batch, credentials: Credentials) -> Batch:
        """Read the batch request as its robot."""
        url, headers = self.stack.api + BATCHES + batch["id"], credentials.headers(b"")
        async with self.session.get(url, headers=headers) as response:
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
        return [line.decode() for line in await self.download_lines(batch["validation_result_file"])]

    async def read_report_lines(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the entries of the report as JSON lines."""
        return [json.loads(line) for line in await self.download_lines(batch["validation_result_url"])]

    async def download_lines(self, url: str) -> list[bytes]:
        """Return the lines of a file from its signed URL."""
        return [line async for line in self.as_user("requestor").read_lines(url)]

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
    async with AsyncExitStack() as opened:
        opened.push_async_callback(database.close)
        exchange = Exchange(stack, await opened.enter_async_context(aiohttp.ClientSession()), database)
        opened.push_async_callback(exchange.close)
        yield exchange


def to_json(model: BaseModel) -> dict[str, Any]:
    """Return the model as the exchange sent it."""
    return model.model_dump(mode="json", exclude_unset=True)
