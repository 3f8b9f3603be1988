"""The manifest: a blob with the ids of the requested references, because 100,000 ids do not fit in a Cosmos DB item."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from exchange.domain import blob_names
from exchange.ports import BatchFiles

_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])


async def write_manifest(batch_id: UUID, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids, in the order of the request."""
    async with files.create(blob_names.manifest(batch_id)) as blob:
        await blob.write(_IDS.dump_json(list(reference_ids)))


async def read_manifest(batch_id: UUID, files: BatchFiles) -> list[UUID]:
    """Read the ids, in the order of the request. Raises NotFound."""
    return _IDS.validate_json(b"".join([data async for data in files.read(blob_names.manifest(batch_id))]))
