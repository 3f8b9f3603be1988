"""Batch items in memory."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from functions.domain.batch import Batch
from functions.domain.errors import NameTaken, NotFound, Stale
from functions.ports import StoredBatch


class FakeBatchStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredBatch] = {}

    async def create(self, batch: Batch) -> None:
        if batch.id in self.items:
            raise NameTaken("There is such a batch request already.")
        self.items[batch.id] = StoredBatch(batch, uuid4().hex)

    async def load(self, batch_id: UUID) -> StoredBatch:
        try:
            return self.items[batch_id]
        except KeyError:
            raise NotFound("There is no such batch request.") from None

    async def replace(self, batch: Batch, etag: str) -> None:
        stored = await self.load(batch.id)
        if stored.etag != etag:
            raise Stale("The batch request was changed by somebody else.")
        self.items[batch.id] = StoredBatch(batch, uuid4().hex)

    async def due(self, now: float) -> AsyncIterator[UUID]:
        overdue = [(item.batch.due_at, item.batch.id) for item in self.items.values() if item.batch.due_at is not None]
        for at, batch_id in sorted(overdue):
            if at <= now:
                yield batch_id
