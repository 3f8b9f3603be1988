"""The manifest: a blob with the ids of the requested references, because 100,000 ids do not fit in a Cosmos DB item."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.ports import BatchFiles

_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])


async def write_manifest(batch: Batch, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids, in the order of the request."""
    async with files.create(blob_names.manifest(batch.id, batch.manifest)) as blob:
        await blob.write(_IDS.dump_json(list(reference_ids)))


async def read_manifest(batch: Batch, files: BatchFiles) -> list[UUID]:
    """Read the ids, in the order of the request. Raises NotFound."""
    name = blob_names.manifest(batch.id, batch.manifest)
    return _IDS.validate_json(b"".join([data async for data in files.read(name)]))
