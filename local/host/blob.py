"""Blob triggers with Event Grid as their source. Azurite sends no events: the container is watched instead."""

import asyncio
import json
import logging
import os
import re
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import azure.functions as func
from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient
from azurefunctions.extensions.bindings.blob import BlobClient  # type: ignore[import-untyped] # it ships no hints

from local.host.bindings import Function, HostError, connection
from local.host.deliveries import Deliveries, stopped_within
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

log = logging.getLogger("host")

POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLL_S = 0.2
_PARAMETER = re.compile(r"\{\w+\}")


class BlobListener:
    """Runs a function for each upload to a container: at least once, unordered, five tries, then the poison queue.

    An upload is known by its name and ETag. A host that starts anew knows none, so existing blobs give events again.
    """

    def __init__(self, function: Function, host: HostJson, *, twice: bool) -> None:
        if function.trigger.get("source") != "EventGrid":
            raise HostError(f"The blob trigger of '{function.name}' needs the source EventGrid: Flex takes no other.")
        container, _, names = function.trigger["path"].partition("/")
        if not names or "{" in container:
            raise HostError(f"The path of '{function.name}' must be a container and a pattern of names.")
        self._function = function
        self._container = container
        self._wanted = re.compile(".+".join(map(re.escape, _PARAMETER.split(names))))
        self._connection = connection(function)
        self._host = host
        self._times = 2 if twice else 1
        self._poll_s = float(os.environ.get("LOCAL_BLOB_POLL_SECONDS", _POLL_S))
        self._seen: set[tuple[str, str]] = set()
        self._free = asyncio.Semaphore(host.blobs_at_once)
        self._deliveries = Deliveries()

    async def run(self, stopping: asyncio.Event) -> None:
        """Watch until the host is to stop, then let the calls end that run."""
        away = False
        async with BlobServiceClient.from_connection_string(self._connection, retry_total=0) as blobs:
            while not stopping.is_set():
                try:
                    await self._look(blobs, stopping)
                    away = False
                except ResourceNotFoundError:
                    # The container is still to be made.
                    away = False
                except AzureError as error:
                    if not away:
                        log.warning("%s: the container is away (%s)", self._function.name, type(error).__name__)
                    away = True
                await stopped_within(stopping, self._poll_s)
            await self._deliveries.over()

    async def _look(self, blobs: BlobServiceClient, stopping: asyncio.Event) -> None:
        there = {(item.name, str(item.etag)) async for item in blobs.get_container_client(self._container).list_blobs()}
        for event in there - self._seen:
            if self._wanted.fullmatch(event[0]):
                self._deliveries.start(self._handle(blobs, event, stopping))
        self._seen = there

    async def _handle(self, blobs: BlobServiceClient, event: tuple[str, str], stopping: asyncio.Event) -> None:
        async with self._free:
            for _ in range(self._times):
                # The next host finds the blob anew.
                if stopping.is_set():
                    return
                try:
                    await self._deliver(blobs, *event)
                except ResourceNotFoundError:
                    # As in Azure, an event whose blob is gone is dropped without a word.
                    return
                except AzureError as error:
                    log.warning("%s: the store is away (%s)", self._function.name, type(error).__name__)
                    # Seen anew, it is delivered anew.
                    self._seen.discard(event)
                    return

    async def _deliver(self, blobs: BlobServiceClient, name: str, etag: str) -> None:
        """Call the function until it succeeds, without a pause; raises AzureError, never the function's own."""
        for _ in range(self._host.blob_tries):
            argument = await self._argument(blobs, name)
            with suppress(Failed):
                await invoke(self._function, argument, self._host.function_timeout_s)
                return
        await self._poison(name, etag)

    async def _argument(self, blobs: BlobServiceClient, name: str) -> Any:
        blob = blobs.get_blob_client(self._container, name)
        if self._function.hint is not BlobClient:
            content = await (await blob.download_blob()).readall()
            return func.blob.InputStream(
                data=content, name=f"{self._container}/{name}", uri=blob.url, length=len(content)
            )
        await blob.get_blob_properties()
        where = {"Connection": self._function.trigger["connection"], "ContainerName": self._container, "BlobName": name}
        data = SimpleNamespace(version="", source="", content_type="", content=json.dumps(where))
        return BlobClient(data=data).get_sdk_type()

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
