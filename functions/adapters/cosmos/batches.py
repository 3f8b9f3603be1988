"""The batch items."""

from collections.abc import AsyncIterator
from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from functions.adapters.azure_errors import creating, translated
from functions.adapters.cosmos.database import CosmosDatabase, Item
from functions.contract.batches import BatchStatus
from functions.domain.batch import Batch
from functions.ports import Page, StoredBatch, Unfinished, Wanted

_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_CONTAINER = "batches"
# An ended batch has no due_at at all, so that the comparison leaves it out.
_DUE = "SELECT c.id FROM c WHERE c.due_at <= @now ORDER BY c.due_at"
_OPEN = "SELECT TOP @most VALUE c.id FROM c WHERE c.requestor = @requestor AND c.due_at > 0"
_UNFINISHED = "SELECT c.status, c.created_at FROM c WHERE c.due_at > 0"
# Where a batch stands in a list: by its age, and by its id among those of the same moment.
_PLACE = "place"


class CosmosBatchStore:
    """Keeps one item a batch; see `ports.BatchStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, batch: Batch) -> None:
        """Write a new batch; raises NameTaken if its id exists."""
        with creating("batch request"):
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

    async def open_of(self, requestor: str, most: int) -> int:
        """Count the requestor's open batches, but no further than `most`."""
        parameters: list[dict[str, object]] = [
            {"name": "@requestor", "value": requestor},
            {"name": "@most", "value": most},
        ]
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            return len([item async for item in container.query_items(_OPEN, parameters=parameters)])

    async def unfinished(self) -> AsyncIterator[Unfinished]:
        """Yield what is counted of each open batch."""
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_UNFINISHED):
                yield Unfinished(BatchStatus(item["status"]), item["created_at"])

    async def page(self, wanted: Wanted, size: int, after: str | None) -> Page:
        """Return a page of batches; one more is asked for than is shown, to know whether there is another page."""
        given = {"requestor": wanted.requestor, "status": wanted.status, _PLACE: after}
        conditions = [
            f"c.{name} {'<' if name == _PLACE else '='} @{name}" for name, value in given.items() if value is not None
        ]
        parameters: list[dict[str, object]] = [
            {"name": f"@{name}", "value": value} for name, value in given.items() if value is not None
        ]
        parameters.append({"name": "@size", "value": size + 1})
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        query = f"SELECT TOP @size * FROM c {where}ORDER BY c.{_PLACE} DESC"  # noqa: S608 - names of our own
        with translated("batch request"):
            container = await self._database.container(_CONTAINER)
            items = [item async for item in container.query_items(query, parameters=parameters)]
        batches = [_BATCH.validate_python(item) for item in items[:size]]
        return Page(batches, items[size - 1][_PLACE] if len(items) > size else None)


def _item(batch: Batch) -> Item:
    item: Item = _BATCH.dump_python(batch, mode="json")
    item[_PLACE] = f"{int(batch.created_at * 1e6):018}-{batch.id.hex}"
    if item["due_at"] is None:
        del item["due_at"]
    return item
