"""References and their enhancements, which share a bucket (partition)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos import bulk, documents
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.enhanced import find_enhanced
from exchange.adapters.cosmos.queries import ReferenceQueries
from exchange.adapters.cosmos.reading import ReferenceReader
from exchange.adapters.cosmos.room import Place, StoreRoom
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.concurrency import run_concurrently
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, NameTaken, NotFound
from exchange.domain.ids import bucket_of
from exchange.domain.limits import Limits
from exchange.domain.paging import EnhancementFilter, ReferencePage, ReferencePart
from exchange.domain.room import Room
from exchange.domain.selection import Selection

# The number of ids in one query that returns ids.
_IDS_PER_QUERY = 500

# An import may retry long: no caller waits for it, and a failed chunk starts again from its beginning. The budget is
# well below `progress_limit_s`.
_IMPORT_RETRY_BUDGET_S = 300.0

_DEFAULT_ROOM = Limits().stored_room


class CosmosReferenceStore:
    """Stores references and enhancements; see `ports.ReferenceStore`."""

    def __init__(self, database: CosmosDatabase, max_concurrent: int, room: Room = _DEFAULT_ROOM) -> None:
        self._max_concurrent = max_concurrent
        self._queries = ReferenceQueries(database, max_concurrent)
        self._reader = ReferenceReader(self._queries)
        self._room = StoreRoom(self._queries, room)

    async def create(self, reference: Reference) -> None:
        """Write the enhancements in transactions. The reference comes last, and fails if its id is forbidden."""
        enhancements = [*documents.to_enhancement_items(reference.enhancements or [])]
        self._room.check_new(enhancements)
        await self._write(reference.id, enhancements)
        container = await self._queries.container()
        item = documents.to_reference_item(reference)
        with _refuse_unstorable():
            # Others know the id only after this request. So an existing reference with this id is this one.
            await create_once(container, item, item["bucket"], "reference", ["kind"])

    async def forbid(self, reference_id: UUID) -> None:
        """Create an item that takes the id, unless there is one already."""
        container = await self._queries.container()
        item = documents.to_forbidden_item(reference_id)
        with _refuse_unstorable():
            await create_once(container, item, item["bucket"], "reference", ["kind"])

    async def add_identifiers(self, reference_id: UUID, identifiers: Sequence[ExternalIdentifier]) -> int:
        """Read the reference's item, and replace it if it still has the ETag."""
        container = await self._queries.container()
        with _refuse_unstorable(), translate_errors("reference"):
            item = check_version(await container.read_item(str(reference_id), partition_key=bucket_of(reference_id)))
            added = documents.find_new_identifiers(item, identifiers)
            if added:
                changed = {**item, "identifiers": [*(item.get("identifiers") or []), *added], FIELD: FIRST_VERSION}
                await container.replace_item(
                    item["id"], changed, etag=item["_etag"], match_condition=MatchConditions.IfNotModified
                )
            return len(added)

    async def add_enhancements(self, enhancements: Sequence[StoredEnhancement]) -> int:
        """Create the items one by one: a transaction would fail as a whole if one of them existed."""
        items = [*documents.to_enhancement_items(enhancements)]
        if items:
            await self._room.check(enhancements[0].reference_id, items)
        creations = (self._create_if_absent(item) for item in items)
        return sum([created async for created in run_concurrently(creations, self._max_concurrent)])

    async def delete(self, reference_id: UUID) -> None:
        """Delete the enhancements, the reference, and the enhancements that were added in between."""
        container = await self._queries.container()
        await self._delete_enhancements(reference_id)
        with translate_errors("reference"):
            await container.delete_item(str(reference_id), partition_key=bucket_of(reference_id))
        await self._delete_enhancements(reference_id)

    async def _delete_enhancements(self, reference_id: UUID) -> None:
        container = await self._queries.container()
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
        container = await self._queries.container()
        try:
            with _refuse_unstorable():
                await create_once(container, item, item["bucket"], "enhancement", ["created_at"])
        except NameTaken:
            return False
        return True

    async def _write(self, reference_id: UUID, items: list[Item]) -> None:
        container = await self._queries.container()
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
        async for _, items in self._queries.run(text, requested, _IDS_PER_QUERY):
            found.update(UUID(item) for item in items or [])
        return requested - found

    async def find_enhanced(
        self, reference_ids: Iterable[UUID], robot_id: UUID, robot_version: str | None
    ) -> set[UUID]:
        """Query the enhancements of the robot, in groups of ids."""
        return await find_enhanced(self._queries, reference_ids, robot_id, robot_version)

    def stream(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Sequence[ReferencePart]]:
        """Query the references in groups. Yield each group as it arrives."""
        return self._reader.stream(reference_ids, selection)

    async def read_page(self, reference_id: UUID, wanted: EnhancementFilter) -> ReferencePage | None:
        """Read a reference with some of its enhancements."""
        return await self._reader.read_page(reference_id, wanted)

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the entries bucket by bucket. Items are made just before they are sent, to save memory.

        References that are full are marked at the end. A run that repeats this chunk then finds all that was written.
        """
        container = await self._queries.container()
        full = await self._room.read_full()
        # In a thread, because there may be many, and the event loop is shared by all invocations.
        buckets, counted = await asyncio.to_thread(_group_by_bucket, entries, full, self._room.is_counted)
        excess = await self._take_excess(entries, buckets, counted, full)
        if excess:
            yield [Refusal(entries[place.number].entry, self._room.refusal) for place in excess]
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
        if filled := {place.reference_id for place in excess} - full:
            await self._room.mark_full(filled)

    async def _take_excess(
        self, entries: Sequence[AcceptedEntry], buckets: dict[str, list[Place]], counted: set[str], full: set[str]
    ) -> list[Place]:
        """Take the places out of the buckets for which their references have no room, and return them."""
        doubtful = [
            place for bucket in {*map(bucket_of, counted)} for place in buckets[bucket] if place.reference_id in counted
        ]
        excess = await self._room.find_excess(entries, doubtful, full) if doubtful else []
        numbers = {place.number for place in excess}
        for bucket in {bucket_of(place.reference_id) for place in excess}:
            buckets[bucket] = [place for place in buckets[bucket] if place.number not in numbers]
        return excess


def _group_by_bucket(
    entries: Sequence[AcceptedEntry], full: set[str], is_counted: Callable[[int], bool]
) -> tuple[dict[str, list[Place]], set[str]]:
    """Return the places of each bucket, and the references that are full or to be counted."""
    buckets: dict[str, list[Place]] = defaultdict(list)
    counted: set[str] = set()
    for number, entry in enumerate(entries):
        reference_id, size = entry.reference_id, entry.size + documents.OWN_BYTES
        buckets[bucket_of(reference_id)].append(Place(number, size, reference_id))
        if is_counted(size) or reference_id in full:
            counted.add(reference_id)
    return buckets, counted


def _to_upsert(entry: AcceptedEntry, size: int) -> bulk.Upsert:
    return bulk.Upsert(entry.entry, documents.enhancement_to_item(entry.reference_id, entry.enhancement, size), size)


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
