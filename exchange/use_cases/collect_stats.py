"""The stats of the exchange: open batches and dead letters."""

import logging
from collections import Counter
from dataclasses import replace
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import DeadLetterQueue
from exchange.domain.stats import OPEN_STATUSES, Stats
from exchange.ports import Services
from exchange.telemetry.stats import record_stats

log = logging.getLogger(__name__)


async def collect_stats(services: Services) -> Stats:
    """Count open batches and dead letters, log them in one line, and record them for the gauges.

    If the dead letters cannot be counted, the other values are logged and recorded before the error is raised.
    """
    stats = await _collect_open(services)
    try:
        stats = replace(stats, poison_queue_depth=await services.dead_letters[DeadLetterQueue.BLOBS].count())
        stats = replace(stats, event_dead_letters=await services.dead_letters[DeadLetterQueue.EVENTS].count())
    finally:
        log.info("stats: %s", stats)
        record_stats(stats)
    return stats


async def _collect_open(services: Services) -> Stats:
    now = services.clock()
    counts: Counter[BatchStatus] = Counter()
    oldest = due = now
    available: dict[UUID, float] = {}
    async for batch in services.batches.list_open():
        if not batch.is_part:
            counts[batch.status] += 1
        # A batch request in parts has as many as it needs, and a lease can be renewed for ever.
        if not batch.in_parts and not batch.is_leased:
            oldest = min(oldest, batch.created_at)
        due = min(due, batch.due_at)
        if batch.available_at is not None and batch.available_at <= now:
            available[batch.robot_id] = min(available.get(batch.robot_id, now), batch.available_at)
    return Stats(
        open_batches={status: counts[status] for status in OPEN_STATUSES},
        oldest_age_s=now - oldest,
        longest_overdue_s=now - due,
        fetch_waits_s={robot_id: now - since for robot_id, since in available.items()},
    )
