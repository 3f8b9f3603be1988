"""The limit of open batches of one requestor.

A lock would cost every request two more writes. Instead a request counts twice: before anything is stored, and after
its batch is stored. It keeps its batch only if the second count, which includes it, is within the limit. Of the batches
that were kept, the one stored last has counted all others, so their number never exceeds the limit.

If too many requests come at the same moment, each of them counts too many. The newest ones withdraw their batches, and
the oldest ones wait until they have.
"""

import asyncio
import logging

from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.callers import User
from exchange.domain.errors import NotFound, TooManyOpenBatches, Unavailable, WriteConflict
from exchange.ports import Services
from exchange.use_cases.advance import advance

log = logging.getLogger(__name__)

# How long a requestor with too many open batches is asked to wait. Batches take minutes.
_OPEN_BATCHES_RETRY_S = 60.0
# How often a batch that may be kept counts again. The withdrawals of the others take less than a second together.
_COUNTS = 10
_COUNT_DELAY_S = 0.2


async def check_open_batches(user: User, services: Services) -> None:
    """Raise TooManyOpenBatches if the requestor has as many open batches as the limit allows."""
    limit = services.limits.open_batches_limit
    if await services.batches.count_open(user.id, limit) >= limit:
        raise _too_many(limit)


async def keep_or_withdraw(batch: Batch, services: Services) -> None:
    """Delete this new batch and raise TooManyOpenBatches if the requestor has more open batches than the limit allows.

    Raises Unavailable if they cannot be counted. Then the batch is deleted too, unless this is not possible either. The
    sweep dispatches a batch that was stored and neither kept nor withdrawn. So a batch that has changed is kept.

    Several requests can have registered the same unconfirmed batch. The first of them that writes decides for all: it
    confirms or deletes the batch.
    """
    if batch.ended or (batch.manifest is not None and not batch.unconfirmed):
        return
    limit = services.limits.open_batches_limit
    try:
        if await _is_within_limit(batch, services):
            if batch.unconfirmed:
                await _confirm(batch, services)
            return
        error: Unavailable = _too_many(limit)
    except Unavailable as unavailable:
        error = unavailable
    if await _withdraw(batch, services):
        raise error


async def _confirm(batch: Batch, services: Services) -> None:
    try:
        await advance(await services.batches.load(batch.id), events.Confirmed(), services)
    except NotFound as error:
        raise _too_many(services.limits.open_batches_limit) from error


async def _is_within_limit(batch: Batch, services: Services) -> bool:
    limit = services.limits.open_batches_limit
    for number in range(_COUNTS):
        if await services.batches.count_open(batch.requestor, limit + 1) <= limit:
            return True
        # A younger batch may have been kept already. So fewer and fewer of the oldest ones go on waiting.
        waiting = limit * (_COUNTS - number) / _COUNTS
        if await services.batches.count_open(batch.requestor, limit, older_than=batch) >= waiting:
            return False
        await asyncio.sleep(_COUNT_DELAY_S)
    return False


async def _withdraw(batch: Batch, services: Services) -> bool:
    """Delete the batch unless it has changed. Return whether it is deleted."""
    try:
        stored = await services.batches.load(batch.id)
        if stored.batch != batch:
            return False
        await services.batches.delete(batch.id, stored.etag)
    except NotFound:
        return True
    except WriteConflict:
        return False
    log.info("batch %s is withdrawn: its requestor has too many open batches", batch.id)
    return True


def _too_many(limit: int) -> TooManyOpenBatches:
    return TooManyOpenBatches(
        f"You have {limit} batch requests that have not ended, which is the limit. Wait until one ends.",
        retry_after_s=_OPEN_BATCHES_RETRY_S,
    )
