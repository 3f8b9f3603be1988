"""References and their enhancements, which share a bucket (partition)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos import bulk, documents
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.enhanced import EnhancedReferences
from exchange.adapters.cosmos.partitions import FeedRange, PhysicalPartitions
from exchange.adapters.cosmos.versions import FIELD, SCHEMA_VERSION, check_version
from exchange.concurrency import run_concurrently
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, NameTaken, NotFound
from exchange.domain.ids import bucket_of
from exchange.domain.selection import Selection

_REFERENCES = "references"

# The number of ids in one query that returns ids, and in one that returns references with their enhancements.
_IDS_PER_QUERY = 500
_REFERENCES_PER_QUERY = 100
# The number of items in a page, if they fit in 4 MB. Cosmos DB's default is 100.
_PAGE_ITEMS = 1_000

# An import may retry long: no caller waits for it, and a failed chunk starts again from its beginning. The budget is
# well below `progress_limit_s`.
_IMPORT_RETRY_BUDGET_S = 300.0


class CosmosReferenceStore:
    """Stores references and enhancements; see `ports.ReferenceStore`."""

    def __init__(self, database: CosmosDatabase, max_concurrent: int) -> None:
        self._database = database
        self._max_concurrent = max_concurrent
        self._partitions = PhysicalPartitions()

    async def create(self, reference: Reference) -> None:
        """Write the enhancements in transactions. The reference comes last, and fails if its id is forbidden."""
        await self._write(reference.id, [*documents.to_enhancement_items(reference.enhancements or [])])
        container = await self._database.container(_REFERENCES)
        item = documents.to_reference_item(reference)
        with _refuse_unstorable():
            # Others know the id only after this request. So an existing reference with this id is this one.
            await create_once(container, item, item["bucket"], "reference", ["kind"])

    async def forbid(self, reference_id: UUID) -> None:
        """Create an item that takes the id, unless there is one already."""
        container = await self._database.container(_REFERENCES)
        item = documents.to_forbidden_item(reference_id)
        await create_once(container, item, item["bucket"], "reference", ["kind"])

    async def add_identifiers(self, reference_id: UUID, identifiers: Sequence[ExternalIdentifier]) -> int:
        """Read the reference's item, and replace it if it still has the ETag."""
        container = await self._database.container(_REFERENCES)
        with _refuse_unstorable(), translate_errors("reference"):
            item = check_version(await container.read_item(str(reference_id), partition_key=bucket_of(reference_id)))
            added = documents.find_new_identifiers(item, identifiers)
            if added:
                changed = {**item, "identifiers": [*(item.get("identifiers") or []), *added], FIELD: SCHEMA_VERSION}
                await container.replace_item(
                    item["id"], changed, etag=item["_etag"], match_condition=MatchConditions.IfNotModified
                )
            return len(added)

    async def add_enhancements(self, enhancements: Sequence[StoredEnhancement]) -> int:
        """Create the items one by one: a transaction would fail as a whole if one of them existed."""
        creations = (self._create_if_absent(item) for item in documents.to_enhancement_items(enhancements))
        return sum([created async for created in run_concurrently(creations, self._max_concurrent)])

    async def delete(self, reference_id: UUID) -> None:
        """Delete the enhancements, the reference, and the enhancements that were added in between."""
        container = await self._database.container(_REFERENCES)
        await self._delete_enhancements(reference_id)
        with translate_errors("reference"):
            await container.delete_item(str(reference_id), partition_key=bucket_of(reference_id))
        await self._delete_enhancements(reference_id)

    async def _delete_enhancements(self, reference_id: UUID) -> None:
        container = await self._database.container(_REFERENCES)
        bucket = bucket_of(reference_id)
        parameters: list[dict[str, object]] = [{"name": "@id", "value": str(reference_id)}]
        query = "SELECT VALUE c.id FROM c WHERE c.reference_id = @id AND c.kind = 'enhancement'"
        with translate_errors("reference"):
            ids = [
                str(item) async for item in container.query_items(query, parameters=parameters, partition_key=bucket)
            ]
        async for _ in run_concurrently((_delete(container, item, bucket) for item in ids), self._max_concurrent):
            pass

    async def _create_if_absent(self, item: Item) -> bool:
        container = await self._database.container(_REFERENCES)
        try:
            with _refuse_unstorable():
                await create_once(container, item, item["bucket"], "enhancement", ["created_at"])
        except NameTaken:
            return False
        return True

    async def _write(self, reference_id: UUID, items: list[Item]) -> None:
        container = await self._database.container(_REFERENCES)
        upserts = [bulk.Upsert(item["id"], item, documents.compute_size(item)) for item in items]
        for transaction in bulk.split_into_transactions(upserts):
            refused = await bulk.write_transaction(container, bucket_of(reference_id), transaction)
            if refused:
                raise InputRejected(f"The reference cannot be stored: {refused[0].reason}.")

    async def find_missing(self, reference_ids: Iterable[UUID], *, include_hidden: bool = True) -> set[UUID]:
        """Query which ids exist, in groups of ids."""
        requested = set(reference_ids)
        visible = "" if include_hidden else "AND c.visibility != 'hidden' "
        text = f"SELECT VALUE c.id FROM c WHERE c.kind = 'reference' {visible}AND c.id IN "  # noqa: S608 - constants
        found: set[UUID] = set()
        async for ids in self._query(text, requested, _IDS_PER_QUERY):
            found.update(UUID(item) for item in ids)
        return requested - found

    async def find_enhanced(
        self, reference_ids: Iterable[UUID], robot_id: UUID, robot_version: str | None
    ) -> set[UUID]:
        """Query the enhancements of the robot, in groups of ids."""
        enhanced = EnhancedReferences(self._database, self._partitions, robot_id, robot_version)
        return await enhanced.find(reference_ids, self._max_concurrent)

    async def read_all(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        """Query the references in groups. Yield each group as it arrives."""
        types = ", ".join(f"'{kind}'" for kind in sorted(selection.enhancements))
        wanted = f" OR c.content.enhancement_type IN ({types})" if types else ""
        text = f"SELECT * FROM c WHERE (c.kind = 'reference'{wanted}) AND c.reference_id IN "  # noqa: S608 - members of an enum
        async for items in self._query(text, reference_ids, _REFERENCES_PER_QUERY):
            for reference in documents.to_references(items, selection):
                yield reference

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the entries bucket by bucket. Items are made just before they are sent, to save memory."""
        container = await self._database.container(_REFERENCES)
        # In a thread, because there may be many, and the event loop is shared by all invocations.
        buckets = await asyncio.to_thread(_group_by_bucket, entries)
        writes = (
            bulk.write_transaction(
                container,
                bucket,
                [_to_upsert(entries[place.number], place.size) for place in transaction],
                _IMPORT_RETRY_BUDGET_S,
            )
            for bucket, places in buckets.items()
            for transaction in bulk.split_into_transactions(places)
        )
        async for refused in run_concurrently(writes, self._max_concurrent):
            yield [Refusal(entry=item.key, reason=item.reason) for item in refused]

    async def _query(self, text: str, reference_ids: Iterable[UUID], max_ids: int) -> AsyncIterator[list[Any]]:
        """Yield the items of each query. The list of ids is appended to `text`.

        A query goes to one physical partition and has ids of all its buckets. The ids of a small batch are in many
        buckets, and a query for each of them would cost more than the ids.
        """
        with translate_errors("reference"):
            container = await self._database.container(_REFERENCES)
            groups = await self._partitions.group(container, reference_ids, max_ids)
        queries = (self._execute(text, feed_range, ids) for feed_range, ids in groups)
        async for items in run_concurrently(queries, self._max_concurrent):
            yield items

    async def _execute(self, text: str, feed_range: FeedRange, ids: Sequence[UUID]) -> list[Any]:
        parameters: list[dict[str, object]] = [
            {"name": f"@id{number}", "value": str(item)} for number, item in enumerate(ids)
        ]
        query = f"{text}({', '.join(f'@id{number}' for number in range(len(ids)))})"
        with translate_errors("reference"):
            container = await self._database.container(_REFERENCES)
            found = container.query_items(
                query, parameters=parameters, feed_range=feed_range, max_item_count=_PAGE_ITEMS
            )
            return [item async for item in found]


class _Place(NamedTuple):
    """The index of an entry, and the length of its item in bytes."""

    number: int
    size: int


def _group_by_bucket(entries: Sequence[AcceptedEntry]) -> dict[str, list[_Place]]:
    buckets: dict[str, list[_Place]] = defaultdict(list)
    for number, entry in enumerate(entries):
        buckets[bucket_of(entry.reference_id)].append(_Place(number, entry.size + documents.OWN_BYTES))
    return buckets


def _to_upsert(entry: AcceptedEntry, size: int) -> bulk.Upsert:
    return bulk.Upsert(entry.entry, documents.enhancement_to_item(entry.reference_id, entry.enhancement), size)


async def _delete(container: ContainerProxy, item_id: str, bucket: str) -> None:
    """Delete the item, unless it is deleted already."""
    try:
        with translate_errors("enhancement"):
            await container.delete_item(item_id, partition_key=bucket)
    except NotFound:
        pass


@contextmanager
def _refuse_unstorable() -> Iterator[None]:
    """Raise InputRejected if the store cannot hold an item."""
    try:
        yield
    except HttpResponseError as error:
        reason = bulk.find_refusal(error)
        if reason is None:
            raise
        raise InputRejected(f"The reference cannot be stored: {reason}.") from error
