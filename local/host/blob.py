"""Blob triggers with Event Grid as their source. Azurite sends no events, so the container is polled instead."""

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

from local.host.bindings import Function, HostError, read_connection
from local.host.deliveries import Deliveries, wait_or_stop
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

log = logging.getLogger("host")

POISON_QUEUE = "webjobs-blobtrigger-poison"
_POLL_S = 0.2
_PARAMETER = re.compile(r"\{\w+\}")


class BlobListener:
    """Runs a function for each upload to a container: at least once, in no order, five attempts, then the poison queue.

    An upload is identified by the blob's name and ETag. After a restart, all existing blobs count as new uploads.
    So an upload whose event was lost with the host is found.
    """

    def __init__(self, function: Function, host: HostJson, *, twice: bool) -> None:
        if function.trigger.get("source") != "EventGrid":
            raise HostError(
                f"The blob trigger of '{function.name}' needs the source EventGrid, as in Flex Consumption."
            )
        container, _, names = function.trigger["path"].partition("/")
        if not names or "{" in container:
            raise HostError(f"The path of '{function.name}' must be a container and a pattern of blob names.")
        self._function = function
        self._container = container
        self._pattern = re.compile(".+".join(map(re.escape, _PARAMETER.split(names))))
        self._connection = read_connection(function)
        self._host = host
        self._times = 2 if twice else 1
        self._poll_s = float(os.environ.get("LOCAL_BLOB_POLL_SECONDS", _POLL_S))
        self._seen: set[tuple[str, str]] = set()
        self._slots = asyncio.Semaphore(host.max_concurrent_blobs)
        self._deliveries = Deliveries()

    async def run(self, stopping: asyncio.Event) -> None:
        """Poll the container until the host is to stop. Then wait for the running calls."""
        unreachable = False
        async with BlobServiceClient.from_connection_string(self._connection, retry_total=0) as blobs:
            while not stopping.is_set():
                try:
                    await self._poll(blobs, stopping)
                    unreachable = False
                except ResourceNotFoundError:
                    # The container has not been created yet.
                    unreachable = False
                except AzureError as error:
                    if not unreachable:
                        log.warning(
                            "%s: the container cannot be reached (%s)", self._function.name, type(error).__name__
                        )
                    unreachable = True
                await wait_or_stop(stopping, self._poll_s)
            await self._deliveries.wait()

    async def _poll(self, blobs: BlobServiceClient, stopping: asyncio.Event) -> None:
        container = blobs.get_container_client(self._container)
        found = container.list_blobs(include=["copy"])
        # As with the filter in infra/events.bicep, a copy is not an upload.
        uploads = {(blob.name, str(blob.etag)) async for blob in found if blob.copy.id is None}
        for event in uploads - self._seen:
            if self._pattern.fullmatch(event[0]):
                self._deliveries.start(self._handle(blobs, event, stopping))
        self._seen = uploads

    async def _handle(self, blobs: BlobServiceClient, event: tuple[str, str], stopping: asyncio.Event) -> None:
        async with self._slots:
            for _ in range(self._times):
                # The next host finds the blob again.
                if stopping.is_set():
                    return
                try:
                    await self._deliver(blobs, *event)
                except ResourceNotFoundError:
                    # As in Azure, an event whose blob was deleted is dropped silently.
                    return
                except AzureError as error:
                    log.warning("%s: the store cannot be reached (%s)", self._function.name, type(error).__name__)
                    # The next poll finds the upload again and delivers it.
                    self._seen.discard(event)
                    return

    async def _deliver(self, blobs: BlobServiceClient, name: str, etag: str) -> None:
        """Call the function until it succeeds, without a delay. Raises AzureError, never the function's own error."""
        for _ in range(self._host.max_blob_attempts):
            argument = await self._make_argument(blobs, name)
            with suppress(Failed):
                await invoke(self._function, argument, self._host.function_timeout_s)
                return
        await self._send_to_poison_queue(name, etag)

    async def _make_argument(self, blobs: BlobServiceClient, name: str) -> Any:
        blob = blobs.get_blob_client(self._container, name)
        if self._function.hint is not BlobClient:
            content = await (await blob.download_blob()).readall()
            return func.blob.InputStream(
                data=content, name=f"{self._container}/{name}", uri=blob.url, length=len(content)
            )
        await blob.get_blob_properties()
        source = {
            "Connection": self._function.trigger["connection"],
            "ContainerName": self._container,
            "BlobName": name,
        }
        data = SimpleNamespace(version="", source="", content_type="", content=json.dumps(source))
        return BlobClient(data=data).get_sdk_type()

    async def _send_to_poison_queue(self, name: str, etag: str) -> None:
        """Write the event to the poison queue, as Azure's host does."""
        log.error(
            "%s: Message has reached MaxDequeueCount of %d: %s", self._function.name, self._host.max_blob_attempts, name
        )
        message = {
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
            await queues.get_queue_client(POISON_QUEUE).send_message(json.dumps(message))
