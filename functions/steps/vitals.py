"""How the exchange is: what is open and for how long, and what was given up."""

import logging
from collections import Counter
from dataclasses import replace

from functions.contract.batches import BatchStatus
from functions.domain.vitals import OPEN, Vitals
from functions.ports import Services
from functions.telemetry.vitals import record_vitals

log = logging.getLogger(__name__)


async def take_vitals(services: Services) -> Vitals:
    """Count, log what was counted in one line, and record it for the gauges.

    What was given up may be out of reach while all else is not: the rest is told before that is raised.
    """
    now = services.clock()
    counts: Counter[BatchStatus] = Counter()
    oldest = now
    async for batch in services.batches.unfinished():
        counts[batch.status] += 1
        oldest = min(oldest, batch.created_at)
    vitals = Vitals(unfinished={status: counts[status] for status in OPEN}, oldest_s=now - oldest)
    try:
        vitals = replace(vitals, poisoned=await services.given_up.poisoned())
        vitals = replace(vitals, undelivered=await services.given_up.undelivered())
    finally:
        log.info("vitals: %s", vitals)
        record_vitals(vitals)
    return vitals
