"""The manifest: a blob with the ids of the requested references, because 100,000 ids do not fit in a Cosmos DB item.

If some of them are skipped, another blob has the ids that the robot is asked to enhance. A part has no blob of its own:
its ids are a piece of the blob of its batch request. Each id takes the same number of bytes in it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from pydantic import TypeAdapter

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.division import Range
from exchange.domain.ids import UUID_TEXT_LENGTH
from exchange.ports import BatchFiles, BlobWriter

_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])
# An id, its quotation marks, and the comma or bracket after it.
_ID_BYTES = UUID_TEXT_LENGTH + 3


class IdWriter:
    """Writes a list of ids piece by piece."""

    def __init__(self, blob: BlobWriter) -> None:
        self._blob = blob
        self._separator = b"["

    async def write(self, reference_ids: Sequence[UUID]) -> None:
        """Append ids."""
        if reference_ids:
            # Without the bracket before the first one and that after the last one.
            await self._blob.write(self._separator + _IDS.dump_json(list(reference_ids))[1:-1])
            self._separator = b","

    async def end(self) -> None:
        """Write the end of the list."""
        await self._blob.write(b"[]" if self._separator == b"[" else b"]")


@asynccontextmanager
async def create_list(name: str, files: BatchFiles) -> AsyncIterator[IdWriter]:
    """Write a manifest, or the ids that are not skipped, in pieces. Nothing is written if the context raises."""
    async with files.create(name) as blob:
        writer = IdWriter(blob)
        yield writer
        await writer.end()


async def write_manifest(batch: Batch, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids, in the order of the request."""
    await _write_ids(blob_names.manifest(batch.id, batch.manifest), reference_ids, files)


async def read_manifest(batch: Batch, files: BatchFiles) -> list[UUID]:
    """Read the ids, in the order of the request. Raises NotFound."""
    if batch.part is not None:
        return await read_range(batch, batch.part.range, files)
    return await _read_ids(blob_names.manifest(batch.id, batch.manifest), files)


async def write_selected(batch_id: UUID, attempt: UUID, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids that are not skipped, in the order of the request."""
    await _write_ids(blob_names.selected(batch_id, attempt), reference_ids, files)


async def read_selected(batch: Batch, files: BatchFiles) -> list[UUID]:
    """Read the ids that the robot is asked to enhance, in the order of the request. Raises NotFound."""
    if batch.part is not None:
        return await read_range(batch, batch.part.range, files)
    return await _read_ids(_name_selected(batch), files)


async def read_range(batch: Batch, wanted: Range, files: BatchFiles) -> list[UUID]:
    """Read a range of the ids that the robot is asked to enhance. Raises NotFound."""
    length = wanted.count * _ID_BYTES - 1
    pieces = files.read(_name_selected(batch), 1 + wanted.start * _ID_BYTES, length)
    return _IDS.validate_json(b"[%b]" % b"".join([data async for data in pieces]))


def _name_selected(batch: Batch) -> str:
    if batch.selected is None:
        return blob_names.manifest(batch.request_id, batch.manifest)
    return blob_names.selected(batch.request_id, batch.selected)


async def _write_ids(name: str, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    async with files.create(name) as blob:
        await blob.write(_IDS.dump_json(list(reference_ids)))


async def _read_ids(name: str, files: BatchFiles) -> list[UUID]:
    return _IDS.validate_json(b"".join([data async for data in files.read(name)]))
