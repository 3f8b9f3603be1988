"""Blob Storage: the exchange's own files and the robots' results."""

import asyncio
import base64
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobProperties, BlobType, ContentSettings
from azure.storage.blob.aio import BlobClient, BlobServiceClient

from exchange.adapters.azure_errors import read_error_code, translate_errors
from exchange.adapters.storage import StorageClient
from exchange.concurrency import prefetch_one
from exchange.domain import blob_names
from exchange.domain.batch import Upload
from exchange.domain.errors import NotFound, UploadReplaced, WriteConflict

_BLOCK_BYTES = 1 << 20
_READ_BYTES = 1 << 20
_NEEDS_KEY = "BlobUsesCustomerSpecifiedEncryption"
_ENCRYPTED = "is encrypted with a customer-provided key, so it cannot be read. Upload it without one."
_NOT_A_BLOCK_BLOB = "is a page blob or an append blob. Upload it as a block blob."
_COPIED = "was copied from another blob. Upload its content instead."
_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain; charset=utf-8",
}


class BlobAccount(StorageClient[BlobServiceClient]):
    """The blobs of the data storage account."""

    def _make_client(
        self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]
    ) -> BlobServiceClient:
        options |= {"max_single_get_size": _READ_BYTES, "max_chunk_get_size": _READ_BYTES}
        if credential is None:
            return BlobServiceClient.from_connection_string(address, **options)
        return BlobServiceClient(address, credential=credential, **options)

    def blob(self, container: str, name: str) -> BlobClient:
        """Return the client of one blob."""
        return self.client.get_blob_client(container, name)

    async def check(self) -> None:
        """Read the properties of a container. Raises Unavailable. See `ports.Dependency`."""
        with translate_errors("container"):
            await self.client.get_container_client(blob_names.BATCHES).get_container_properties()


class _BlockWriter:
    """Writes a blob in blocks. Memory does not grow with the blob, and nothing is visible before the commit.

    One block is sent while the next one fills. If sending fails, the next call raises the error. A blob that is smaller
    than a block takes one request.
    """

    def __init__(self, blob: BlobClient) -> None:
        self._blob = blob
        self._rest = bytearray()
        self._blocks: list[BlobBlock] = []
        self._sending: asyncio.Task[None] | None = None

    async def write(self, data: bytes | bytearray) -> None:
        """Append the data. A full block is sent as soon as the previous one is stored."""
        self._rest += data
        while len(self._rest) >= _BLOCK_BYTES:
            await self._send(bytes(self._rest[:_BLOCK_BYTES]))
            del self._rest[:_BLOCK_BYTES]

    async def commit(self) -> None:
        """Send the rest, and make the blob of all blocks."""
        content_settings = _content_settings(self._blob.blob_name)
        if not self._blocks:
            with translate_errors("blob"):
                await self._blob.upload_blob(bytes(self._rest), overwrite=True, content_settings=content_settings)
            return
        if self._rest:
            await self._send(bytes(self._rest))
        await self._wait_until_sent()
        with translate_errors("blob"):
            await self._blob.commit_block_list(self._blocks, content_settings=content_settings)

    async def abandon(self) -> None:
        """Cancel the block that is being sent."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self, data: bytes) -> None:
        await self._wait_until_sent()
        block_id = base64.b64encode(f"{len(self._blocks):08}".encode()).decode()
        self._blocks.append(BlobBlock(block_id))
        self._sending = asyncio.create_task(self._stage(block_id, data))

    async def _wait_until_sent(self) -> None:
        if self._sending is not None:
            await self._sending

    async def _stage(self, block_id: str, data: bytes) -> None:
        with translate_errors("blob"):
            await self._blob.stage_block(block_id, data)


def _content_settings(name: str) -> ContentSettings:
    """Return the media type of a blob, and the file name under which a browser saves it."""
    batch_id, *_, file_name = name.split("/")
    return ContentSettings(
        content_type=_MEDIA_TYPES[PurePosixPath(name).suffix],
        content_disposition=f'inline; filename="{batch_id}-{file_name}"',
    )


class BlobBatchFiles:
    """The container `batches`; see `ports.BatchFiles`."""

    def __init__(self, account: BlobAccount) -> None:
        self._account = account

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[_BlockWriter]:
        """Write a blob completely, or not at all."""
        writer = _BlockWriter(self._account.blob(blob_names.BATCHES, name))
        try:
            yield writer
            await writer.commit()
        finally:
            await writer.abandon()

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a blob from `offset`, at most `length`. Raises NotFound."""
        blob = self._account.blob(blob_names.BATCHES, name)
        with translate_errors("blob"):
            try:
                download = await blob.download_blob(offset, length, decompress=False)
            except HttpResponseError as error:
                if error.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
                # The blob ends before the offset.
                return
            async with aclosing(prefetch_one(download.chunks())) as pieces:
                async for data in pieces:
                    yield data

    async def exists(self, name: str) -> bool:
        """Return whether the blob exists."""
        with translate_errors("blob"):
            return await self._account.blob(blob_names.BATCHES, name).exists()

    async def delete(self, name: str) -> None:
        """Delete the blob. Idempotent."""
        with suppress(NotFound), translate_errors("blob"):
            await self._account.blob(blob_names.BATCHES, name).delete_blob()


def _to_upload(properties: BlobProperties, subject: str) -> Upload:
    """Return the upload. `subject` begins the sentence that says why the blob cannot be used."""
    upload = Upload(etag=properties.etag, last_modified=properties.last_modified.timestamp(), size=properties.size)
    if properties.blob_type != BlobType.BLOCKBLOB:
        return replace(upload, fault=f"{subject} {_NOT_A_BLOCK_BLOB}")
    return replace(upload, fault=f"{subject} {_COPIED}") if properties.copy.id else upload


class _UploadedFiles:
    """Blobs that others write with a signed URL. `noun` is what one is called."""

    def __init__(self, account: BlobAccount, container: str, make_name: Callable[[UUID], str], noun: str) -> None:
        self._account = account
        self._container = container
        self._make_name = make_name
        self._noun = noun

    async def find_upload(self, file_id: UUID) -> Upload | None:
        """Return what the blob holds now. None if the blob does not exist."""
        blob = self._account.blob(self._container, self._make_name(file_id))
        try:
            with translate_errors(self._noun):
                try:
                    return _to_upload(await blob.get_blob_properties(), f"The {self._noun}")
                except HttpResponseError as error:
                    if read_error_code(error) != _NEEDS_KEY:
                        raise
                return await self._find_encrypted(blob)
        except NotFound:
            return None

    async def _find_encrypted(self, blob: BlobClient) -> Upload | None:
        """Return an upload that was encrypted with a key of its own. Only a list has the properties of such a blob."""
        container = self._account.client.get_container_client(self._container)
        async for properties in container.list_blobs(name_starts_with=blob.blob_name):
            return replace(_to_upload(properties, f"The {self._noun}"), fault=f"The {self._noun} {_ENCRYPTED}")
        return None

    async def read(self, file_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the upload with this ETag. Raises UploadReplaced as soon as it is no longer current."""
        blob = self._account.blob(self._container, self._make_name(file_id))
        try:
            with translate_errors(self._noun):
                # Without decompression: a small blob with a Content-Encoding could expand without limit.
                download = await blob.download_blob(
                    etag=etag, match_condition=MatchConditions.IfNotModified, decompress=False
                )
                async with aclosing(prefetch_one(download.chunks())) as pieces:
                    async for data in pieces:
                        yield data
        except (NotFound, WriteConflict) as error:
            raise UploadReplaced("The upload is no longer current.") from error


class BlobResultFiles(_UploadedFiles):
    """The container `results`, which robots write; see `ports.ResultFiles`."""

    def __init__(self, account: BlobAccount) -> None:
        super().__init__(account, blob_names.RESULTS, blob_names.result, "result file")


class BlobIdLists(_UploadedFiles):
    """The lists of reference ids that requestors upload; see `ports.IdLists`."""

    def __init__(self, account: BlobAccount) -> None:
        super().__init__(account, blob_names.BATCHES, blob_names.id_list, "list of references")
