"""In-memory fake of `BatchStore`."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from exchange.domain.batch import Batch
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.ports import BatchFilter, OpenBatch, Page, StoredBatch


class FakeBatchStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredBatch] = {}

    async def create(self, batch: Batch) -> None:
        if batch.id in self.items:
            stored = self.items[batch.id].batch
            if (stored.requestor, stored.robot_id, stored.created_at) == (
                batch.requestor,
                batch.robot_id,
                batch.created_at,
            ):
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

    async def count_open(self, requestor: str, limit: int) -> int:
        count = sum(item.batch.requestor == requestor and not item.batch.ended for item in self.items.values())
        return min(count, limit)

    async def list_open(self) -> AsyncIterator[OpenBatch]:
        for item in list(self.items.values()):
            if item.batch.due_at is not None and not item.batch.ended:
                yield OpenBatch(item.batch.status, item.batch.created_at)

    async def list_page(self, batch_filter: BatchFilter, size: int, continuation: str | None) -> Page:
        by_key = {_sort_key(item.batch): item.batch for item in self.items.values()}
        found = [
            (key, batch)
            for key, batch in sorted(by_key.items(), reverse=True)
            if batch_filter.requestor in {None, batch.requestor}
            and batch_filter.status in {None, batch.status}
            and (continuation is None or key < continuation)
        ]
        return Page([batch for _, batch in found[:size]], found[size - 1][0] if len(found) > size else None)


def _sort_key(batch: Batch) -> str:
    return f"{int(batch.created_at * 1e6):018}-{batch.id.hex}"
