"""Blob triggers with Event Grid as their source. Azurite sends no events: the container is watched instead."""

import asyncio
import inspect
import json
import logging
import os
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import azure.functions as func
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient
from azurefunctions.extensions.bindings.blob import BlobClient  # type: ignore[import-untyped] # it ships no hints

from local.host.bindings import Function, HostError, connection
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

log = logging.getLogger("host")

POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLL_S = 0.2


class BlobListener:
    """Runs a function for each upload to a container: at least once, unordered, five tries, then the poison queue.

    An upload is known by its name and ETag. A host that starts anew knows none, so existing blobs give events again.
    """

    def __init__(self, function: Function, host: HostJson, *, twice: bool) -> None:
        if function.trigger.get("source") != "EventGrid":
            raise HostError(f"The blob trigger of '{function.name}' needs the source EventGrid: Flex takes no other.")
        self._function = function
        self._container = function.trigger["path"].split("/")[0]
        self._connection = connection(function.trigger, function.name)
        self._host = host
        self._deliveries = 2 if twice else 1
        self._poll_s = float(os.environ.get("LOCAL_BLOB_POLL_SECONDS", _POLL_S))
        self._seen: set[tuple[str, str]] = set()
        self._free = asyncio.Semaphore(host.blobs_at_once)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with (
            BlobServiceClient.from_connection_string(self._connection, retry_total=0) as blobs,
            asyncio.TaskGroup() as handling,
        ):
            while True:
                try:
                    async for item in blobs.get_container_client(self._container).list_blobs():
                        event = (str(item.name), str(item.etag))
                        if event not in self._seen:
                            self._seen.add(event)
                            handling.create_task(self._handle(blobs, *event))
                except AzureError as error:
                    if not isinstance(error, ResourceNotFoundError):
                        log.warning("%s: the container is away (%s)", self._function.name, type(error).__name__)
                await asyncio.sleep(self._poll_s)

    async def _handle(self, blobs: BlobServiceClient, name: str, etag: str) -> None:
        async with self._free:
            for _ in range(self._deliveries):
                # As in Azure, an event whose blob is gone is dropped without a word.
                if not await _exists(blobs, self._container, name):
                    return
                await self._deliver(blobs, name, etag)

    async def _deliver(self, blobs: BlobServiceClient, name: str, etag: str) -> None:
        for _ in range(self._host.blob_tries):
            try:
                await invoke(self._function, await self._argument(blobs, name), self._host.function_timeout_s)
            except Failed:
                continue
            return
        await self._poison(name, etag)

    async def _argument(self, blobs: BlobServiceClient, name: str) -> Any:  # noqa: ANN401 - as the function annotates it
        annotation = inspect.get_annotations(self._function.code, eval_str=True).get(self._function.trigger["name"])
        if annotation is not BlobClient:
            content = await (await blobs.get_blob_client(self._container, name).download_blob()).readall()
            return func.blob.InputStream(data=content, name=f"{self._container}/{name}")
        where = {"Connection": self._function.trigger["connection"], "ContainerName": self._container, "BlobName": name}
        data = SimpleNamespace(version="", source="", content_type="", content=json.dumps(where))
        return BlobClient(data=data).get_sdk_type()  # type: ignore[misc] # mypy takes the untyped class for None

    async def _poison(self, name: str, etag: str) -> None:
        """Give up, and leave word of it where Azure does."""
        log.error("%s: Message has reached MaxDequeueCount of %d: %s", self._function.name, self._host.blob_tries, name)
        word = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self._function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": self._container,
            "BlobName": name,
            "ETag": etag,
        }
        async with QueueServiceClient.from_connection_string(self._connection) as queues:
            with suppress(ResourceExistsError):
                await queues.create_queue(POISON_QUEUE)
            await queues.get_queue_client(POISON_QUEUE).send_message(json.dumps(word))


async def _exists(blobs: BlobServiceClient, container: str, name: str) -> bool:
    try:
        return await blobs.get_blob_client(container, name).exists()
    except AzureError:
        # The store is away, the blob may well be there: let the function find out.
        return True
