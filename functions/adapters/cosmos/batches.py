"""The batch items."""

from collections.abc import AsyncIterator
from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from functions.adapters.azure_errors import translated
from functions.adapters.cosmos.database import CosmosDatabase, Item
from functions.domain.batch import Batch
from functions.ports import StoredBatch

_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_CONTAINER = "batches"
# An ended batch has no due_at at all, so that the comparison leaves it out.
_DUE = "SELECT c.id FROM c WHERE c.due_at <= @now ORDER BY c.due_at"


class CosmosBatchStore:
    """Keeps one item a batch; see `ports.BatchStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, batch: Batch) -> None:
        """Write a new batch; raises NameTaken if its id exists."""
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            await container.create_item(_item(batch))

    async def load(self, batch_id: UUID) -> StoredBatch:
        """Read a batch; raises NotFound."""
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            item = await container.read_item(str(batch_id), partition_key=str(batch_id))
        return StoredBatch(_BATCH.validate_python(item), item["_etag"])

    async def replace(self, batch: Batch, etag: str) -> None:
        """Write the batch on the condition that it was not written since; raises Stale, NotFound."""
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            await container.replace_item(
                str(batch.id), _item(batch), etag=etag, match_condition=MatchConditions.IfNotModified
            )

    async def due(self, now: float) -> AsyncIterator[UUID]:
        """Yield the overdue batches, the longest overdue first."""
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_DUE, parameters=[{"name": "@now", "value": now}]):
                yield UUID(item["id"])


def _item(batch: Batch) -> Item:
    item: Item = _BATCH.dump_python(batch, mode="json")
    if item["due_at"] is None:
        del item["due_at"]
    return item
