"""The overdue batch requests, for operators."""

from typing import cast

from exchange.contract.base import to_time
from exchange.contract.operations import OverdueBatchRequest, OverdueBatchRequestList, Phase
from exchange.domain.batch import Batch
from exchange.domain.counts import count_references
from exchange.domain.errors import NotFound
from exchange.ports import Services


async def list_overdue(limit: int, services: Services) -> OverdueBatchRequestList:
    """Return the open batches that the sweep would look at now, longest overdue first."""
    now = services.clock()
    found: list[OverdueBatchRequest] = []
    async for batch_id in services.batches.list_overdue(now):
        try:
            batch = (await services.batches.load(batch_id)).batch
        except NotFound:
            continue
        # One that has ended may still have to notify webhooks, and others may have gone on meanwhile.
        if batch.ended or batch.due_at is None or batch.due_at > now:
            continue
        if len(found) == limit:
            return OverdueBatchRequestList(batch_requests=found, truncated=True)
        found.append(_to_wire(batch, batch.due_at))
    return OverdueBatchRequestList(batch_requests=found, truncated=False)


def _to_wire(batch: Batch, due_at: float) -> OverdueBatchRequest:
    return OverdueBatchRequest(
        id=batch.id,
        part_of=None if batch.part is None else batch.part.of,
        robot_id=batch.robot_id,
        request_status=batch.status,
        phase=cast(Phase, batch.phase.value),
        created_at=to_time(batch.created_at),
        due_at=to_time(due_at),
        waiting_for=batch.waiting_for,
        counts=count_references(batch),
    )
