"""The manifest: a blob with the ids of the requested references, because 100,000 ids do not fit in a Cosmos DB item.

If some of them are skipped, another blob has the ids that the robot is asked to enhance.
"""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.ports import BatchFiles

_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])


async def write_manifest(batch: Batch, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids, in the order of the request."""
    await _write_ids(blob_names.manifest(batch.id, batch.manifest), reference_ids, files)


async def read_manifest(batch: Batch, files: BatchFiles) -> list[UUID]:
    """Read the ids, in the order of the request. Raises NotFound."""
    return await _read_ids(blob_names.manifest(batch.id, batch.manifest), files)


async def write_selected(batch_id: UUID, attempt: UUID, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids that are not skipped, in the order of the request."""
    await _write_ids(blob_names.selected(batch_id, attempt), reference_ids, files)


async def read_selected(batch: Batch, files: BatchFiles) -> list[UUID]:
    """Read the ids that the robot is asked to enhance, in the order of the request. Raises NotFound."""
    if batch.selected is None:
        return await read_manifest(batch, files)
    return await _read_ids(blob_names.selected(batch.id, batch.selected), files)


async def _write_ids(name: str, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    async with files.create(name) as blob:
        await blob.write(_IDS.dump_json(list(reference_ids)))


async def _read_ids(name: str, files: BatchFiles) -> list[UUID]:
    return _IDS.validate_json(b"".join([data async for data in files.read(name)]))
