"""A retry: a new batch request of the references that an earlier one did not enhance."""

import logging
from collections.abc import Sequence
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
from exchange.use_cases.manifest_file import read_selected
from exchange.use_cases.open_batches import keep_or_withdraw
from exchange.use_cases.read_batch import describe_batch
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import Registered
from exchange.use_cases.report_parts import find_parts
from exchange.use_cases.write_report import find_enhanced

log = logging.getLogger(__name__)


@batch_operation("retry")
async def retry_batch(stored: StoredBatch, retry: BatchRetryIn, user: User, services: Services) -> Registered:
    """Request the references that were not enhanced, with the same source, metadata and robot, or with another robot.

    Idempotent: the id of the retry is derived from the batch, so a second call returns the same batch. The retry
    belongs to the requestor of the batch, also if an operator calls. References that were deleted are left out.

    Raises NotFound, Forbidden, the errors of `register_batch`, and Conflict if the batch has not ended, if nothing is
    left, or if it was retried with another robot.
    """
    batch = stored.batch
    check_may_see(user, batch)
    check_is_request(batch)
    if not batch.ended:
        raise Conflict(f"The batch request has not ended (status '{batch.status}'), so it cannot be retried yet.")
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
    request = BatchEnhancementRequestIn(
        robot_id=retry.robot_id or batch.robot_id,
        reference_ids=list(await _list_left(batch, user, services)),
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
    log.info("batch %s: %d references are retried as %s", batch.id, len(request.reference_ids), retry_id)
    return registered


async def _list_left(batch: Batch, user: User, services: Services) -> Sequence[UUID]:
    """Return the references that were not enhanced, in the order of the request. Raises Conflict if there are none."""
    try:
        enhanced: set[str] = set()
        async for part in find_parts(batch, services):
            if part.import_started:
                enhanced.update(await find_enhanced(part, services))
        requested = await read_selected(batch, services.files)
    except NotFound as error:
        raise Conflict("The files of the batch request have expired, so it cannot be retried.") from error
    left = [reference_id for reference_id in requested if str(reference_id) not in enhanced]
    deleted = await services.references.find_missing(left, include_hidden=user.is_operator)
    left = [reference_id for reference_id in left if reference_id not in deleted]
    if not left:
        raise Conflict("Every reference of the batch request was enhanced, or does not exist any more.")
    return left
