"""The batch items."""

from collections.abc import AsyncIterator
from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, SCHEMA_VERSION, check_version
from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.ports import BatchFilter, OpenBatch, Page, StoredBatch

_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_CONTAINER = "batches"
# A batch without due_at is left out by the comparison. One that has ended keeps it until its webhooks are notified.
_OVERDUE = "SELECT c.id FROM c WHERE c.due_at <= @now ORDER BY c.due_at"
_OPEN_OF_REQUESTOR = (
    "SELECT TOP @limit VALUE c.id FROM c WHERE c.requestor = @requestor AND c.due_at > 0 "
    "AND c.status IN ('received', 'accepted', 'importing')"
)
_OPEN = "SELECT c.status, c.created_at FROM c WHERE c.due_at > 0 AND c.status IN ('received', 'accepted', 'importing')"
# The sort key of a batch in a list: its age, then its id.
_SORT_KEY = "sort_key"
_CONSTANT_FIELDS = ("requestor", "robot_id", "created_at")


class CosmosBatchStore:
    """Stores one item per batch; see `ports.BatchStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, batch: Batch) -> None:
        """Write a new batch. Idempotent. Raises NameTaken if another batch has its id."""
        container = await self._database.container(_CONTAINER)
        await create_once(container, _to_item(batch), str(batch.id), "batch request", _CONSTANT_FIELDS)

    async def load(self, batch_id: UUID) -> StoredBatch:
        """Read a batch. Raises NotFound."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            item = await container.read_item(str(batch_id), partition_key=str(batch_id))
        return StoredBatch(_to_batch(item), item["_etag"])

    async def replace(self, batch: Batch, etag: str) -> str:
        """Write the batch if it still has this ETag, and return its new ETag. Raises WriteConflict, NotFound."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            item = await container.replace_item(
                str(batch.id), _to_item(batch), etag=etag, match_condition=MatchConditions.IfNotModified
            )
        new_etag: str = item["_etag"]
        return new_etag

    async def list_overdue(self, now: float) -> AsyncIterator[UUID]:
        """Yield the overdue batches, longest overdue first."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_OVERDUE, parameters=[{"name": "@now", "value": now}]):
                yield UUID(item["id"])

    async def count_open(self, requestor: str, limit: int) -> int:
        """Count the requestor's open batches. Stop counting at `limit`."""
        parameters: list[dict[str, object]] = [
            {"name": "@requestor", "value": requestor},
            {"name": "@limit", "value": limit},
        ]
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            return len([item async for item in container.query_items(_OPEN_OF_REQUESTOR, parameters=parameters)])

    async def list_open(self) -> AsyncIterator[OpenBatch]:
        """Yield every open batch."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_OPEN):
                yield OpenBatch(BatchStatus(item["status"]), item["created_at"])

    async def list_page(self, batch_filter: BatchFilter, size: int, continuation: str | None) -> Page:
        """Return a page of batches. The query asks for one more, to know whether there is another page."""
        given = {"requestor": batch_filter.requestor, "status": batch_filter.status, _SORT_KEY: continuation}
        conditions = [
            f"c.{name} {'<' if name == _SORT_KEY else '='} @{name}"
            for name, value in given.items()
            if value is not None
        ]
        parameters: list[dict[str, object]] = [
            {"name": f"@{name}", "value": value} for name, value in given.items() if value is not None
        ]
        parameters.append({"name": "@size", "value": size + 1})
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        query = f"SELECT TOP @size * FROM c {where}ORDER BY c.{_SORT_KEY} DESC"  # noqa: S608 - the names are constants
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            items = [item async for item in container.query_items(query, parameters=parameters)]
        batches = [_to_batch(item) for item in items[:size]]
        return Page(batches, items[size - 1][_SORT_KEY] if len(items) > size else None)


def _to_batch(item: Item) -> Batch:
    return _BATCH.validate_python(check_version(item))


def _to_item(batch: Batch) -> Item:
    item: Item = _BATCH.dump_python(batch, mode="json")
    item[FIELD] = SCHEMA_VERSION
    item[_SORT_KEY] = f"{int(batch.created_at * 1e6):018}-{batch.id.hex}"
    if item["due_at"] is None:
        del item["due_at"]
    return item
