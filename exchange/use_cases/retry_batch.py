"""A retry: a new batch request of the references that an earlier one did not enhance."""

import logging
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn, BatchRetryIn
from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.callers import User, check_is_request, check_may_see
from exchange.domain.errors import Conflict, NameTaken, NotFound, Unavailable
from exchange.domain.idempotency import BatchIdentity, derive_retry_id
from exchange.domain.polling import choose_retry_after
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import advance
from exchange.use_cases.list_left import check_list_read, list_left, upload_left
from exchange.use_cases.open_batches import keep_or_withdraw
from exchange.use_cases.read_batch import describe_batch
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import Registered

log = logging.getLogger(__name__)


@batch_operation("retry")
async def retry_batch(stored: StoredBatch, retry: BatchRetryIn, user: User, services: Services) -> Registered:
    """Request the references that were not enhanced, with the same source, metadata and robot, or with another robot.

    Idempotent: the id of the retry is derived from the batch, so a second call returns the same batch. The retry
    belongs to the requestor of the batch, also if an operator calls. References that were deleted are left out. What
    does not fit a request becomes an uploaded list.

    Raises NotFound, Forbidden, the errors of `register_batch`, and Conflict if the batch has not ended, if nothing is
    left, or if it was retried with another robot.
    """
    batch = stored.batch
    check_may_see(user, batch)
    check_is_request(batch)
    if not batch.ended:
        raise Conflict(f"The batch request has not ended (status '{batch.status}'), so it cannot be retried yet.")
    check_list_read(batch)
    retry_id = derive_retry_id(batch.id)
    registered = await _find_earlier(retry_id, retry, user, services)
    if registered is None:
        registered = await _register(batch, retry_id, retry, user, services)
    await advance(stored, events.Retried(retry_id), services)
    return registered


async def _find_earlier(retry_id: UUID, retry: BatchRetryIn, user: User, services: Services) -> Registered | None:
    """Return the retry that an earlier call has registered, as it is now. Raises Conflict if it has another robot."""
    try:
        earlier = (await services.batches.load(retry_id)).batch
    except NotFound:
        return None
    if retry.robot_id not in {None, earlier.robot_id}:
        raise Conflict(f"The batch request was already retried with another robot, as {retry_id}.")
    await keep_or_withdraw(earlier, services)
    read = await describe_batch(earlier, user, services)
    return Registered(read, replayed=True, retry_after_s=choose_retry_after(earlier, services.clock()))


async def _register(batch: Batch, retry_id: UUID, retry: BatchRetryIn, user: User, services: Services) -> Registered:
    is_large = batch.selected_count > services.limits.references_per_batch_limit
    request = BatchEnhancementRequestIn(
        robot_id=retry.robot_id or batch.robot_id,
        reference_ids=None if is_large else list(await list_left(batch, user, services)),
        reference_ids_upload=await upload_left(batch, services) if is_large else None,
        source=batch.source,
        metadata=batch.metadata,
        test_run=batch.test_run,
    )
    requestor = User(batch.requestor, user.roles)
    identity = BatchIdentity(retry_id, manifest=services.new_id(), retry_of=batch.id)
    try:
        registered = Registered(await register_batch(request, requestor, services, identity))
    except NameTaken as error:
        # Another call has registered the retry meanwhile.
        earlier = await _find_earlier(retry_id, retry, user, services)
        if earlier is None:
            raise Unavailable("Another request for this retry was withdrawn. Repeat the request.") from error
        return earlier
    log.info("batch %s is retried as %s", batch.id, retry_id)
    return registered
