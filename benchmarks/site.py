"""A running stack with our own services on it, and separate clients for naive implementations and limits."""

import asyncio
import gc
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.storage.blob.aio import BlobServiceClient

from benchmarks.inputs import SAMPLES
from exchange.bootstrap import connect, make_services
from exchange.concurrency import run_concurrently
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.robots import Robot
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.events import CallbackSucceeded, CallStarted, RobotAccepted
from exchange.domain.ids import new_id
from exchange.domain.lifecycle import apply, register
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.advance import advance
from exchange.use_cases.manifest_file import write_manifest
from tests.stacks import Stack, running_stack

TRANSACTION_OPERATIONS = 100
_TRANSACTION_BYTES = 1_500_000

Item = dict[str, Any]


class Site:
    """A running stack, our services on it, and separate clients of Cosmos DB and Blob Storage."""

    def __init__(self, stack: Stack, cosmos: CosmosClient, blobs: BlobServiceClient, folder: Path) -> None:
        """`folder` has the references from which the inputs are made."""
        self.stack = stack
        self.settings = Settings.read(stack.settings)
        self.services: Services = make_services(self.settings, connect(self.settings))
        # As the app does: see functions/app.py.
        gc.freeze()
        self.cosmos = cosmos
        self.blobs = blobs
        self.folder = folder

    @property
    def references(self) -> ContainerProxy:
        """The container of references, through the separate client."""
        return self.cosmos.get_database_client(self.settings.azure.cosmos_database).get_container_client("references")

    async def count_requests(self, *kinds: str) -> int:
        """Return the number of requests for documents since the last call: of all kinds, or of these."""
        counts = await self._control("GET", "requests")
        await self._control("POST", "reset")
        return sum(count for kind, count in counts.items() if kind in kinds or not kinds)

    async def _control(self, method: str, command: str) -> dict[str, int]:
        url = f"{self.settings.azure.cosmos_endpoint}/_control/{command}"
        async with aiohttp.ClientSession() as session, session.request(method, url, ssl=False) as response:
            counts: dict[str, int] = json.loads(await response.read())
            return counts

    async def upsert(self, items: Iterable[Item]) -> None:
        """Write items into the container of references."""
        partitions: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            partitions[item["bucket"]].append(item)
        transactions = [some for items in partitions.values() for some in split_into_transactions(items)]
        await apply_concurrently(4, self.write_transaction, transactions)

    async def write_transaction(self, items: Sequence[Item]) -> None:
        """Write items of one partition in one transaction."""
        operations = [("upsert", (item,)) for item in items]
        await self.references.execute_item_batch(operations, partition_key=items[0]["bucket"])

    async def register_robot(self, **fields: Any) -> Robot:
        """Register a robot that is never called."""
        fields = {"base_url": "http://127.0.0.1:9", "description": "", "owner": "", **fields}
        robot = Robot(id=new_id(), name=f"robot {new_id()}", **fields)
        await self.services.robots.create(robot)
        return robot

    async def make_accepted_batch(self, robot_id: UUID, reference_ids: Sequence[UUID]) -> Batch:
        """Make a batch that its robot has accepted. No message is sent, so only the caller works on it."""
        services = self.services
        request = BatchEnhancementRequestIn.model_construct(
            robot_id=robot_id, reference_ids=list(reference_ids), source=None
        )
        batch = register(new_id(), request, "benchmark", services.clock(), services.deadlines).batch
        for event in (CallStarted(1, new_id()), RobotAccepted()):
            batch = apply(batch, event, services.clock(), services.deadlines).batch
        batch = replace(batch, due_at=services.clock() + 86_400)
        await write_manifest(batch, reference_ids, services.files)
        await services.batches.create(batch)
        return batch

    async def call_back(self, batch_id: UUID) -> Batch:
        """Record the robot's callback for an uploaded result, and send the message that follows it."""
        stored = await self.services.batches.load(batch_id)
        delivered = CallbackSucceeded(await self.services.results.find_upload(batch_id))
        return (await advance(stored, delivered, self.services)).batch

    async def upload_result(self, batch: Batch, result: bytes) -> None:
        """Upload the result file of a batch, as its robot would."""
        blob = self.blobs.get_blob_client(blob_names.RESULTS, blob_names.result(batch.id))
        await blob.upload_blob(result, overwrite=True, max_concurrency=2)


def split_into_transactions(items: Sequence[Item]) -> list[list[Item]]:
    """Split items of one partition into transactions that Cosmos DB accepts."""
    transactions: list[list[Item]] = [[]]
    size = 0
    for item in items:
        length = len(json.dumps(item))
        if len(transactions[-1]) == TRANSACTION_OPERATIONS or size + length > _TRANSACTION_BYTES:
            transactions.append([])
            size = 0
        transactions[-1].append(item)
        size += length
    return transactions


async def apply_concurrently(
    max_concurrent: int, function: Callable[[Any], Awaitable[Any]], items: Iterable[Any]
) -> None:
    """Call the function with each item, at most `max_concurrent` calls at a time."""

    async def call(item: Any) -> None:
        await function(item)

    async for _ in run_concurrently(map(call, items), max_concurrent):
        pass


def _ignore_unclosed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Ignore the warnings about clients of our services that are never closed, as in the app."""
    if not context["message"].startswith("Unclosed "):
        loop.default_exception_handler(context)


@asynccontextmanager
async def running_site(*options: str, folder: Path = SAMPLES, **settings: str) -> AsyncIterator[Site]:
    """Run a stack with these options and settings."""
    asyncio.get_running_loop().set_exception_handler(_ignore_unclosed)
    with (
        tempfile.TemporaryDirectory(prefix="bench") as stack_folder,
        running_stack(Path(stack_folder), *options, **settings) as stack,
    ):
        before = os.environ.get("SSL_CERT_FILE", "")
        os.environ["SSL_CERT_FILE"] = stack.settings["SSL_CERT_FILE"]
        async with (
            CosmosClient(stack.settings["COSMOS_ENDPOINT"], stack.settings["COSMOS_KEY"]) as cosmos,
            BlobServiceClient.from_connection_string(stack.settings["DATA_STORAGE"]) as blobs,
        ):
            yield Site(stack, cosmos, blobs, folder)
        os.environ["SSL_CERT_FILE"] = before
