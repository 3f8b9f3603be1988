"""Batch items in memory."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from functions.domain.batch import Batch
from functions.domain.errors import NameTaken, NotFound, Stale
from functions.ports import Page, StoredBatch, Unfinished, Wanted


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

    async def open_of(self, requestor: str, most: int) -> int:
        mine = [item for item in self.items.values() if item.batch.requestor == requestor and not item.batch.ended]
        return min(len(mine), most)

    async def unfinished(self) -> AsyncIterator[Unfinished]:
        for item in list(self.items.values()):
            if item.batch.due_at is not None:
                yield Unfinished(item.batch.status, item.batch.created_at)

    async def page(self, wanted: Wanted, size: int, after: str | None) -> Page:
        places = {_place(item.batch): item.batch for item in self.items.values()}
        found = [
            (place, batch)
            for place, batch in sorted(places.items(), reverse=True)
            if wanted.requestor in {None, batch.requestor}
            and wanted.status in {None, batch.status}
            and (after is None or place < after)
        ]
        return Page([batch for _, batch in found[:size]], found[size - 1][0] if len(found) > size else None)


def _place(batch: Batch) -> str:
    return f"{int(batch.created_at * 1e6):018}-{batch.id.hex}"
