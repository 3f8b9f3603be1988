"""The emulators with our own services on them, and clients beside ours for the naive ways and the limits."""

import asyncio
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
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.robots import Robot
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.events import CallStarted, RobotAccepted
from exchange.domain.ids import new_id
from exchange.domain.lifecycle import apply, register
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.manifest_file import write_manifest
from tests.stacks import Stack, running_stack

FULL_BATCH = 100
_BATCH_BYTES = 1_500_000

Item = dict[str, Any]


class Site:
    """One stack, our services on it, and a Cosmos DB client and a blob client that are not ours."""

    def __init__(self, stack: Stack, cosmos: CosmosClient, blobs: BlobServiceClient, folder: Path) -> None:
        self.stack = stack
        self.settings = Settings.read(stack.settings)
        self.services: Services = wire(self.settings, connect(self.settings))
        self.cosmos = cosmos
        self.blobs = blobs
        # Of references to make inputs from.
        self.folder = folder

    @property
    def references(self) -> ContainerProxy:
        """The container of references, by a client of its own."""
        return self.cosmos.get_database_client(self.settings.azure.cosmos_database).get_container_client("references")

    async def requests(self) -> int:
        """Count the requests for documents since the last call, and begin anew."""
        counts = await self._control("GET", "requests")
        await self._control("POST", "reset")
        return sum(counts.values())

    async def _control(self, method: str, command: str) -> dict[str, int]:
        url = f"{self.settings.azure.cosmos_endpoint}/_control/{command}"
        async with aiohttp.ClientSession() as session, session.request(method, url, ssl=False) as response:
            counts: dict[str, int] = json.loads(await response.read())
            return counts

    async def upsert(self, items: Iterable[Item]) -> None:
        """Write items of the container of references, a partition and a batch at a time."""
        partitions: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            partitions[item["bucket"]].append(item)
        await at_once(4, [self.write(batch) for some in partitions.values() for batch in batches(some)])

    async def write(self, batch: Sequence[Item]) -> None:
        """Write one batch of one partition."""
        operations = [("upsert", (item,)) for item in batch]
        await self.references.execute_item_batch(operations, partition_key=batch[0]["bucket"])

    async def robot(self, **fields: Any) -> Robot:
        """Register a robot that nobody will call."""
        known = {"base_url": "http://127.0.0.1:9", "description": "", "owner": "", **fields}
        robot = Robot(id=new_id(), name=f"robot {new_id()}", **known)
        await self.services.robots.create(robot)
        return robot

    async def taken_batch(self, robot_id: UUID, reference_ids: Sequence[UUID]) -> Batch:
        """Make a batch that its robot has taken. Nothing is sent, so nothing but the caller works on it."""
        services = self.services
        order = BatchEnhancementRequestIn.model_construct(
            robot_id=robot_id, reference_ids=list(reference_ids), source=None
        )
        batch = register(new_id(), order, "benchmark", services.clock(), services.deadlines).batch
        for event in (CallStarted(1, new_id()), RobotAccepted()):
            batch = apply(batch, event, services.clock(), services.deadlines).batch
        batch = replace(batch, due_at=services.clock() + 86_400)
        await write_manifest(batch.id, reference_ids, services.files)
        await services.batches.create(batch)
        return batch

    async def upload(self, batch: Batch, result: bytes) -> None:
        """Put the batch's result where its robot would."""
        blob = self.blobs.get_blob_client(blob_names.RESULTS, blob_names.result(batch.id))
        await blob.upload_blob(result, overwrite=True, max_concurrency=2)


def batches(items: Sequence[Item]) -> list[list[Item]]:
    """Cut items of one partition into batches that Cosmos DB takes."""
    cut: list[list[Item]] = [[]]
    size = 0
    for item in items:
        length = len(json.dumps(item))
        if len(cut[-1]) == FULL_BATCH or size + length > _BATCH_BYTES:
            cut.append([])
            size = 0
        cut[-1].append(item)
        size += length
    return cut


async def at_once(most: int, work: Iterable[Awaitable[Any]]) -> None:
    """Do all of it, some at once."""
    waiting = iter(work)

    async def one_after_another() -> None:
        for item in waiting:
            await item

    async with asyncio.TaskGroup() as workers:
        for _ in range(most):
            workers.create_task(one_after_another())


async def each_at_once(most: int, do: Callable[[Any], Awaitable[Any]], items: Iterable[Any]) -> None:
    """Do it with each item, some at once."""
    await at_once(most, (do(item) for item in items))


def _quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of our services' clients, which are never closed, as in the app."""
    if not context["message"].startswith("Unclosed "):
        loop.default_exception_handler(context)


@asynccontextmanager
async def running_site(*options: str, folder: Path = SAMPLES, **settings: str) -> AsyncIterator[Site]:
    """Start a stack with these options and settings, and work on it."""
    asyncio.get_running_loop().set_exception_handler(_quiet)
    with (
        tempfile.TemporaryDirectory(prefix="bench") as place,
        running_stack(Path(place), *options, **settings) as stack,
    ):
        before = os.environ.get("SSL_CERT_FILE", "")
        os.environ["SSL_CERT_FILE"] = stack.settings["SSL_CERT_FILE"]
        async with (
            CosmosClient(stack.settings["COSMOS_ENDPOINT"], stack.settings["COSMOS_KEY"]) as cosmos,
            BlobServiceClient.from_connection_string(stack.settings["DATA_STORAGE"]) as blobs,
        ):
            yield Site(stack, cosmos, blobs, folder)
        os.environ["SSL_CERT_FILE"] = before
