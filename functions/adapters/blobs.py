"""Blob Storage: our files, the robots' results, and the URLs that open one blob to somebody else."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock
from azure.storage.blob.aio import BlobClient, BlobServiceClient

from functions.adapters.azure_errors import translated
from functions.adapters.in_flight import one_ahead
from functions.adapters.storage import StorageClient
from functions.domain import blob_names
from functions.domain.batch import Upload
from functions.domain.errors import NotFound, Stale, UploadReplaced

_BLOCK_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20


class BlobAccount(StorageClient[BlobServiceClient]):
    """The blobs of the data's account."""

    def _made(
        self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]
    ) -> BlobServiceClient:
        options |= {"max_single_get_size": _CHUNK_BYTES, "max_chunk_get_size": _CHUNK_BYTES}
        if credential is None:
            return BlobServiceClient.from_connection_string(address, **options)
        return BlobServiceClient(address, credential=credential, **options)

    def blob(self, container: str, name: str) -> BlobClient:
        """Return the client of one blob."""
        return self.client.get_blob_client(container, name)

    async def check(self) -> None:
        """See whether it is there; raises Unavailable. See `ports.Dependency`."""
        with translated("container"):
            await self.client.get_container_client(blob_names.BATCHES).get_container_properties()


class _BlockWriter:
    """Writes a blob in blocks: memory does not grow with it, and nothing of it is seen before it is committed.

    One block is on its way while the next one fills; what goes wrong with it is raised by the call after.
    """

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob
        self._rest = bytearray()
        self._blocks: list[BlobBlock] = []
        self._sending: asyncio.Task[None] | None = None

    async def write(self, data: bytes | bytearray) -> None:
        """Append; a full block is sent, once the one before is."""
        self._rest += data
        while len(self._rest) >= _BLOCK_BYTES:
            await self._send(bytes(self._rest[:_BLOCK_BYTES]))
            del self._rest[:_BLOCK_BYTES]

    async def commit(self) -> None:
        """Send what is left, and make the blob of all blocks."""
        if self._rest:
            await self._send(bytes(self._rest))
        await self._sent()
        with translated("blob"):
            await self._blob.commit_block_list(self._blocks)

    async def abandon(self) -> None:
        """Let go of a block that is on its way."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self, data: bytes) -> None:
        await self._sent()
        block_id = base64.b64encode(f"{len(self._blocks):08}".encode()).decode()
        self._blocks.append(BlobBlock(block_id))
        self._sending = asyncio.create_task(self._stage(block_id, data))

    async def _sent(self) -> None:
        if self._sending is not None:
            await self._sending

    async def _stage(self, block_id: str, data: bytes) -> None:
        with translated("blob"):
            await self._blob.stage_block(block_id, data)


class BlobBatchFiles:
    """Our own container; see `ports.BatchFiles`."""

    def __init__(self, account: BlobAccount) -> None:
        self._account = account

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[_BlockWriter]:
        """Write a blob whole, or not at all."""
        writer = _BlockWriter(self._account.blob(blob_names.BATCHES, name))
        try:
            yield writer
            await writer.commit()
        finally:
            await writer.abandon()

    async def read(self, name: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Yield its bytes; raises NotFound."""
        blob = self._account.blob(blob_names.BATCHES, name)
        with translated("blob"):
            try:
                download = await blob.download_blob(offset, decompress=False)
            except HttpResponseError as error:
                if error.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
                # There is nothing beyond the offset.
                return
            async with aclosing(one_ahead(download.chunks())) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def exists(self, name: str) -> bool:
        """Say whether there is such a blob."""
        with translated("blob"):
            return await self._account.blob(blob_names.BATCHES, name).exists()


class BlobResultFiles:
    """The container that robots write to; see `ports.ResultFiles`."""

    def __init__(self, account: BlobAccount) -> None:
        self._account = account

    async def standing(self, batch_id: UUID) -> Upload | None:
        """Return the upload that stands now, if one does."""
        blob = self._account.blob(blob_names.RESULTS, blob_names.result(batch_id))
        try:
            with translated("result file"):
                properties = await blob.get_blob_properties()
        except NotFound:
            return None
        return Upload(etag=properties.etag, last_modified=properties.last_modified.timestamp(), size=properties.size)

    async def read(self, batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of this very upload; raises UploadReplaced as soon as it no longer stands."""
        blob = self._account.blob(blob_names.RESULTS, blob_names.result(batch_id))
        try:
            with translated("result file"):
                # As it lies there: a robot may call its blob compressed, and a small one could grow without end.
                download = await blob.download_blob(
                    etag=etag, match_condition=MatchConditions.IfNotModified, decompress=False
                )
                async with aclosing(one_ahead(download.chunks())) as chunks:
                    async for chunk in chunks:
                        yield chunk
        except (NotFound, Stale) as error:
            raise UploadReplaced("The upload no longer stands.") from error
