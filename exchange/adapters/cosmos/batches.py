"""The batch items."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, SCHEMA_VERSION, check_version
from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Phase
from exchange.domain.listing import BatchFilter, format_microseconds, make_metadata_term, make_sort_key, to_microseconds
from exchange.ports import OpenBatch, Page, StoredBatch

_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_CONTAINER = "batches"
# Only a part has the field `part`. The path in it is indexed.
_IS_REQUEST = "NOT IS_DEFINED(c.part.of)"
# A batch without due_at is left out by the comparison. One that has ended keeps it until its webhooks are notified.
_OVERDUE = "SELECT c.id FROM c WHERE c.due_at <= @now ORDER BY c.due_at"
_OLDER_THAN = " AND c.sort_key < @sort_key"
_OF_ROBOT = (
    "SELECT TOP @limit * FROM c WHERE c.robot_id = @robot_id AND c.sort_key >= @since "
    "AND NOT IS_DEFINED(c.part.of) ORDER BY c.sort_key DESC"
)
_OPEN_OF_REQUESTOR = (
    "SELECT TOP @limit VALUE c.id FROM c WHERE c.requestor = @requestor AND c.due_at > 0 "
    "AND c.status IN ('received', 'accepted', 'importing') AND NOT IS_DEFINED(c.part.of)"
)
_OPEN = (
    "SELECT c.status, c.created_at, c.due_at, c.import_started, c.division.made AS parts, c.part.number AS part, "
    "c.robot_id, c.available_at, c.lease.until AS leased_until, "
    "c.id_list.upload AS id_list, c.id_list.read_at FROM c "
    "WHERE c.due_at > 0 AND c.status IN ('received', 'accepted', 'importing')"
)
_AVAILABLE = (
    "SELECT TOP @limit c.id FROM c WHERE c.robot_id = @robot_id AND c.available_at <= @now ORDER BY c.available_at"
)
_PARTS = "SELECT TOP @limit * FROM c WHERE c.part.of = @batch_id AND c.part.number > @after ORDER BY c.part.number"
_SORT_KEY = "sort_key"
# Metadata is found by digests of its pairs. So a name that a requestor chose is never part of a query or of an index.
_METADATA_TERMS = "metadata_terms"
_CONSTANT_FIELDS = ("requestor", "robot_id", "created_at", "manifest", "holder")
# Queries tell items with these fields from those without.
_OPTIONAL_FIELDS = ("due_at", "available_at", "part")


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

    async def delete(self, batch_id: UUID, etag: str) -> None:
        """Delete the batch if it still has this ETag. Raises WriteConflict, NotFound."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            await container.delete_item(
                str(batch_id), str(batch_id), etag=etag, match_condition=MatchConditions.IfNotModified
            )

    async def count_open(self, requestor: str, limit: int, older_than: Batch | None = None) -> int:
        """Count the requestor's open batches, or those before this one. Stop counting at `limit`."""
        query = _OPEN_OF_REQUESTOR
        parameters: list[dict[str, object]] = [
            {"name": "@requestor", "value": requestor},
            {"name": "@limit", "value": limit},
        ]
        if older_than is not None:
            query += _OLDER_THAN
            parameters.append({"name": "@sort_key", "value": make_sort_key(older_than)})
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            return len([item async for item in container.query_items(query, parameters=parameters)])

    async def list_open(self) -> AsyncIterator[OpenBatch]:
        """Yield every open batch."""
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_OPEN):
                yield OpenBatch(
                    BatchStatus(item["status"]),
                    item["created_at"],
                    item["due_at"],
                    item.get("import_started", False),
                    UUID(item["robot_id"]),
                    in_parts=item.get("parts") is not None,
                    is_part=item.get("part") is not None,
                    is_leased=item.get("leased_until") is not None,
                    available_at=item.get("available_at"),
                    is_reading=item.get("id_list") is not None and item.get("read_at") is None,
                )

    async def list_available(self, robot_id: UUID, now: float, limit: int) -> Sequence[UUID]:
        """Return what a robot may fetch, longest waiting first."""
        parameters: list[dict[str, object]] = [
            {"name": "@robot_id", "value": str(robot_id)},
            {"name": "@now", "value": now},
            {"name": "@limit", "value": limit},
        ]
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            return [UUID(item["id"]) async for item in container.query_items(_AVAILABLE, parameters=parameters)]

    async def list_parts(self, batch_id: UUID, after: int, limit: int) -> Sequence[Batch]:
        """Return the next parts of a batch request."""
        parameters: list[dict[str, object]] = [
            {"name": "@batch_id", "value": str(batch_id)},
            {"name": "@after", "value": after},
            {"name": "@limit", "value": limit},
        ]
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            return [_to_batch(item) async for item in container.query_items(_PARTS, parameters=parameters)]

    async def list_page(self, batch_filter: BatchFilter, size: int, after: str | None) -> Page:
        """Return a page of batches. The query asks for one more, to know whether there is another page."""
        conditions, parameters = _make_conditions(batch_filter, after)
        where = " AND ".join([_IS_REQUEST, *conditions])
        query = f"SELECT TOP @size * FROM c WHERE {where} ORDER BY c.{_SORT_KEY} DESC"  # noqa: S608 - the parts are constants
        parameters.append({"name": "@size", "value": size + 1})
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            items = [item async for item in container.query_items(query, parameters=parameters)]
        batches = [_to_batch(item) for item in items[:size]]
        return Page(batches, items[size - 1][_SORT_KEY] if len(items) > size else None)

    async def list_of_robot(self, robot_id: UUID, since: float, limit: int) -> Sequence[Batch]:
        """Return the robot's newest batches."""
        parameters: list[dict[str, object]] = [
            {"name": "@robot_id", "value": str(robot_id)},
            {"name": "@since", "value": format_microseconds(to_microseconds(since))},
            {"name": "@limit", "value": limit},
        ]
        with translate_errors("batch request"):
            container = await self._database.container(_CONTAINER)
            found = container.query_items(_OF_ROBOT, parameters=parameters, max_item_count=limit)
            return [_to_batch(item) async for item in found]


def _make_conditions(batch_filter: BatchFilter, after: str | None) -> tuple[list[str], list[dict[str, object]]]:
    """Return the conditions of a query and its parameters. Everything that a requestor chose is a parameter."""
    robot_id, start, end = batch_filter.robot_id, batch_filter.created_after, batch_filter.created_before
    given: list[tuple[str, list[object]]] = [
        ("c.requestor = ?", [batch_filter.requestor]),
        ("c.robot_id = ?", [robot_id and str(robot_id)]),
        ("c.source = ?", [batch_filter.source]),
        (f"c.{_SORT_KEY} >= ?", [None if start is None else format_microseconds(start + 1)]),
        (f"c.{_SORT_KEY} < ?", [None if end is None else format_microseconds(end)]),
        (f"c.{_SORT_KEY} < ?", [after]),
    ]
    if batch_filter.statuses:
        given.append((f"c.status IN ({', '.join('?' * len(batch_filter.statuses))})", [*batch_filter.statuses]))
    for key, value in sorted(batch_filter.metadata.items()):
        given.append((f"ARRAY_CONTAINS(c.{_METADATA_TERMS}, ?)", [make_metadata_term(key, value)]))
    conditions: list[str] = []
    parameters: list[dict[str, object]] = []
    for condition, values in given:
        if None not in values:
            names = [f"@p{len(parameters) + number}" for number in range(len(values))]
            conditions.append(condition.replace("?", "{}").format(*names))
            parameters += ({"name": name, "value": value} for name, value in zip(names, values, strict=True))
    return conditions, parameters


def _to_batch(item: Item) -> Batch:
    return _BATCH.validate_python(check_version(item))


def _to_item(batch: Batch) -> Item:
    item: Item = _BATCH.dump_python(batch, mode="json")
    # Older code knows no parts and no uploaded lists. It would send all references to the robot in one job, or none.
    is_or_has_part = batch.part is not None or batch.division is not None
    item[FIELD] = SCHEMA_VERSION if is_or_has_part or batch.phase is Phase.READING else FIRST_VERSION
    item[_SORT_KEY] = make_sort_key(batch)
    if batch.metadata:
        item[_METADATA_TERMS] = [make_metadata_term(key, value) for key, value in batch.metadata.items()]
    item["available_at"] = batch.available_at
    item["holder"] = None if batch.part is None else str(batch.part.holder)
    for name in _OPTIONAL_FIELDS:
        if item[name] is None:
            del item[name]
    return item
