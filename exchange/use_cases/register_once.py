"""Registration of a batch request with an idempotency key. Repeating it returns the same batch.

The fingerprint is compared before anything is written. Each registration writes its manifest to a blob of its own, and
the batch names the blob. So a repeated request cannot overwrite the manifest of another, and if two requests run at the
same time, the one whose batch is created first counts completely.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected, NameTaken, NotFound, TooManyOpenBatches, Unavailable
from exchange.domain.idempotency import BatchIdentity, compute_fingerprint, derive_batch_id
from exchange.domain.polling import FIRST_POLL_S, choose_retry_after
from exchange.ports import Services
from exchange.telemetry.logs import bind_log_fields
from exchange.use_cases.open_batches import keep_or_withdraw
from exchange.use_cases.read_batch import describe_batch
from exchange.use_cases.register_batch import register_batch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered batch request. `replayed` is True if an earlier request had registered it.

    `retry_after_s` is how long to wait before the batch is read, None if it has ended.
    """

    batch: BatchEnhancementRequestRead
    replayed: bool = False
    retry_after_s: int | None = FIRST_POLL_S


async def register_once(request: BatchEnhancementRequestIn, key: str, user: User, services: Services) -> Registered:
    """Register the batch request, or return the batch of an earlier request with the same key as it is now.

    Raises InputRejected if the earlier request was another one, and the errors of `register_batch`.
    """
    batch_id, fingerprint = derive_batch_id(user.id, key), compute_fingerprint(request)
    earlier = await _find_earlier(batch_id, fingerprint, request, user, services)
    if earlier is not None:
        return earlier
    if await services.results.find_upload(batch_id) is not None:
        # Another request with this key may have been registered, and its robot may have delivered already.
        earlier = await _find_earlier(batch_id, fingerprint, request, user, services)
        if earlier is not None:
            return earlier
        # The batch has expired but its result has not. A new batch with this id would import that result.
        raise InputRejected("This Idempotency-Key belongs to a batch request that has been deleted. Use another key.")
    identity = BatchIdentity(batch_id, fingerprint, manifest=services.new_id())
    try:
        return Registered(await register_batch(request, user, services, identity))
    except (NameTaken, TooManyOpenBatches) as error:
        # Another request with this key may have been registered since.
        earlier = await _find_earlier(batch_id, fingerprint, request, user, services)
        if earlier is not None:
            return earlier
        if isinstance(error, TooManyOpenBatches):
            raise
        raise Unavailable("Another request with this Idempotency-Key was withdrawn. Repeat the request.") from error


async def _find_earlier(
    batch_id: UUID, fingerprint: str, request: BatchEnhancementRequestIn, user: User, services: Services
) -> Registered | None:
    try:
        batch = (await services.batches.load(batch_id)).batch
    except NotFound:
        return None
    if batch.fingerprint != fingerprint:
        raise InputRejected(
            "This Idempotency-Key was used for another batch request. Use a new key for each new request, and send the "
            "same body if you repeat one."
        )
    with bind_log_fields(batch_id=batch_id, robot_id=batch.robot_id):
        log.info("batch %s: the request was repeated", batch_id)
        await keep_or_withdraw(batch, services)
        read = await describe_batch(batch, user, services, include_reference_ids=False)
        # The same request has the same ids, so the manifest need not be read.
        complete = read.model_copy(update={"reference_ids": request.reference_ids})
        return Registered(complete, replayed=True, retry_after_s=choose_retry_after(batch, services.clock()))
