"""The stats for operators, as they are at this moment."""

import asyncio
from collections import defaultdict
from typing import Any, get_args

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import (
    MAX_COUNTED,
    DeadLetterCount,
    OpenBatchRequests,
    OperationStats,
    Phase,
    UnreachablePart,
)
from exchange.ports import OpenBatch, Services
from exchange.use_cases.read_parts import Part, read_part

_STATUSES = {
    "delivered": BatchStatus.IMPORTING,
    "divided": BatchStatus.ACCEPTED,
    "reading": BatchStatus.RECEIVED,
    "reporting": BatchStatus.IMPORTING,
}


async def read_stats(services: Services) -> OperationStats:
    """Count open and overdue batches, dead letters and failed deliveries. A part that cannot be read is None."""
    open_batches, failed, counts = await asyncio.gather(
        read_part(_list_open(services)),
        read_part(services.webhook_deliveries.count_failed(MAX_COUNTED)),
        asyncio.gather(*(read_part(store.count()) for store in services.dead_letters.values())),
    )
    dead_letters = dict(zip(services.dead_letters, counts, strict=True))
    parts: dict[str, Part[Any]] = {
        "open_batch_requests": open_batches,
        "overdue": open_batches,
        **{f"dead_letters.{queue}": part for queue, part in dead_letters.items()},
        "failed_webhook_deliveries": failed,
    }
    now, found = services.clock(), open_batches.value
    return OperationStats(
        open_batch_requests=None if found is None else _group(found, now),
        overdue=None if found is None else sum(batch.due_at <= now for batch in found),
        dead_letters=[DeadLetterCount(queue=queue, count=part.value) for queue, part in dead_letters.items()],
        failed_webhook_deliveries=failed.value,
        unreachable=[
            UnreachablePart(part=name, reason=part.fault) for name, part in parts.items() if part.fault is not None
        ],
    )


async def _list_open(services: Services) -> list[OpenBatch]:
    return [batch async for batch in services.batches.list_open()]


def _group(found: list[OpenBatch], now: float) -> list[OpenBatchRequests]:
    ages: dict[str, list[float]] = defaultdict(list)
    for batch in found:
        if batch.is_part:
            continue
        ages[batch.phase].append(now - batch.created_at)
    return [
        OpenBatchRequests(
            request_status=_STATUSES.get(phase) or BatchStatus(phase),
            phase=phase,
            count=len(ages[phase]),
            oldest_age_s=max(ages[phase], default=None),
        )
        for phase in get_args(Phase)
    ]
