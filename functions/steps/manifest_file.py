"""The id manifest: which references a batch asked for, in a blob, as a hundred thousand ids pass an item's limit."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter

from functions.domain import blob_names
from functions.domain.reference_ids import ReferenceIds, ReferenceIdsReader
from functions.ports import BatchFiles

_IDS: TypeAdapter[list[UUID]] = TypeAdapter(list[UUID])


async def write_manifest(batch_id: UUID, reference_ids: Sequence[UUID], files: BatchFiles) -> None:
    """Write the ids, in the order asked."""
    async with files.create(blob_names.manifest(batch_id)) as blob:
        await blob.write(_IDS.dump_json(list(reference_ids)))


async def read_manifest(batch_id: UUID, files: BatchFiles) -> ReferenceIds:
    """Read the ids, in the order asked; raises NotFound."""
    reader = ReferenceIdsReader()
    async for chunk in files.read(blob_names.manifest(batch_id)):
        reader.feed(chunk)
    return reader.end()
