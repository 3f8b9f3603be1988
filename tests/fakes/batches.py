"""In-memory fake of `BatchStore`."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

from exchange.domain.batch import Batch
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.domain.listing import BatchFilter, make_sort_key
from exchange.ports import OpenBatch, Page, StoredBatch


class FakeBatchStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredBatch] = {}

    async def create(self, batch: Batch) -> None:
        if batch.id in self.items:
            if _identity(self.items[batch.id].batch) == _identity(batch):
                return
            raise NameTaken("This batch request already exists.")
        self.items[batch.id] = StoredBatch(batch, uuid4().hex)

    async def load(self, batch_id: UUID) -> StoredBatch:
        return self._find(batch_id)

    async def replace(self, batch: Batch, etag: str) -> str:
        if self._find(batch.id).etag != etag:
            raise WriteConflict("The batch request was changed by another process.")
        new_etag = uuid4().hex
        self.items[batch.id] = StoredBatch(batch, new_etag)
        return new_etag

    def _find(self, batch_id: UUID) -> StoredBatch:
        try:
            return self.items[batch_id]
        except KeyError:
            raise NotFound("The batch request does not exist.") from None

    async def list_overdue(self, now: float) -> AsyncIterator[UUID]:
        overdue = [(item.batch.due_at, item.batch.id) for item in self.items.values() if item.batch.due_at is not None]
        for due_at, batch_id in sorted(overdue):
            if due_at <= now:
                yield batch_id

    async def delete(self, batch_id: UUID, etag: str) -> None:
        if self._find(batch_id).etag != etag:
            raise WriteConflict("The batch request was changed by another process.")
        del self.items[batch_id]

    async def count_open(self, requestor: str, limit: int, older_than: Batch | None = None) -> int:
        found = [
            item.batch
            for item in self.items.values()
            if item.batch.requestor == requestor
            and item.batch.part is None
            and not item.batch.ended
            and (older_than is None or make_sort_key(item.batch) < make_sort_key(older_than))
        ]
        return min(len(found), limit)

    async def list_open(self) -> AsyncIterator[OpenBatch]:
        for item in list(self.items.values()):
            batch = item.batch
            if batch.due_at is not None and not batch.ended:
                yield OpenBatch(
                    batch.status,
                    batch.created_at,
                    batch.due_at,
                    batch.import_started,
                    batch.robot_id,
                    in_parts=batch.division is not None,
                    is_part=batch.part is not None,
                    is_leased=batch.lease is not None,
                    available_at=batch.available_at,
                    is_reading=batch.id_list is not None and batch.id_list.read_at is None,
                )

    async def list_available(self, robot_id: UUID, now: float, limit: int) -> Sequence[UUID]:
        found = [
            (item.batch.available_at, item.batch.id)
            for item in self.items.values()
            if item.batch.robot_id == robot_id and item.batch.available_at is not None
        ]
        return [batch_id for available_at, batch_id in sorted(found) if available_at <= now][:limit]

    async def list_parts(self, batch_id: UUID, after: int, limit: int) -> Sequence[Batch]:
        parts = [
            (item.batch.part.number, item.batch)
            for item in self.items.values()
            if item.batch.part is not None and item.batch.part.of == batch_id and item.batch.part.number > after
        ]
        return [batch for _, batch in sorted(parts, key=lambda part: part[0])][:limit]

    async def list_page(self, batch_filter: BatchFilter, size: int, after: str | None) -> Page:
        by_key = {make_sort_key(item.batch): item.batch for item in self.items.values()}
        found = [
            (key, batch)
            for key, batch in sorted(by_key.items(), reverse=True)
            if batch.part is None and batch_filter.matches(batch) and (after is None or key < after)
        ]
        return Page([batch for _, batch in found[:size]], found[size - 1][0] if len(found) > size else None)

    async def list_of_robot(self, robot_id: UUID, since: float, limit: int) -> Sequence[Batch]:
        batches = sorted((item.batch for item in self.items.values()), key=make_sort_key, reverse=True)
        of_robot = [batch for batch in batches if batch.robot_id == robot_id and batch.part is None]
        return [batch for batch in of_robot if batch.created_at >= since][:limit]


def _identity(batch: Batch) -> tuple[object, ...]:
    return (batch.requestor, batch.robot_id, batch.created_at, batch.manifest, batch.part and batch.part.holder)
