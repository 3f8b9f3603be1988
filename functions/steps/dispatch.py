"""A batch is handed to its robot."""

import logging
from uuid import UUID

from functions.contract.robots import BatchRobotRequest
from functions.domain import blob_names, events
from functions.domain.batch import Batch, Phase
from functions.domain.moves.dispatching import is_early
from functions.domain.robot_answer import RobotAnswer, event_of
from functions.ports import Services
from functions.steps.advance import advance
from functions.steps.snapshot import write_snapshot
from functions.telemetry.spans import CLIENT, handling, note, traced

log = logging.getLogger(__name__)


async def dispatch_batch(batch_id: UUID, attempt: int, services: Services) -> None:
    """Call the robot for this attempt, if it is due, nobody else is calling, and it is not settled already.

    The snapshot is taken once, by whoever begins the first call. Raises NotFound if there is no such batch.
    """
    batch = (await services.batches.load(batch_id)).batch
    with handling("dispatch", batch):
        note(attempt=attempt)
        await _dispatch(batch, attempt, services)


async def _dispatch(before: Batch, attempt: int, services: Services) -> None:
    batch_id = before.id
    if before.phase is not Phase.RECEIVED or attempt != before.attempt or is_early(before, services.clock()):
        log.info("batch %s: nothing to dispatch for attempt %d", batch_id, attempt)
        return
    snapshot = before.snapshot or await write_snapshot(before, services)
    begun = await advance(batch_id, events.CallBegun(attempt, snapshot), services)
    if not begun.moved:
        log.info("batch %s: somebody else is calling the robot", batch_id)
        return
    answer = await _offer(begun.batch, begun.batch.snapshot or snapshot, services)
    log.info("batch %s: robot %s: %s", batch_id, before.robot_id, answer.outcome)
    await _settle(begun.batch, answer, services)


@traced("call robot", CLIENT)
async def _offer(batch: Batch, snapshot: UUID, services: Services) -> RobotAnswer:
    stored = await services.robots.load(batch.robot_id)
    secret = services.secrets.of(batch.robot_id, stored.secret_version)
    request = BatchRobotRequest(
        id=batch.id,
        reference_storage_url=await services.urls.to_read(blob_names.reference_data(batch.id, snapshot)),
        result_storage_url=await services.urls.to_upload(batch.id),
    )
    answer = await services.robot_calls.offer(stored.robot, secret, request)
    note(http_status=answer.http_status)
    return answer


async def _settle(batch: Batch, answer: RobotAnswer, services: Services) -> None:
    """Record what the call gave; unless the robot took the batch, a result that stands in its blob wins."""

    async def observe(_: Batch) -> events.Event:
        standing = None if answer.took else await services.results.standing(batch.id)
        return event_of(answer, batch, standing)

    await advance(batch.id, observe, services)
