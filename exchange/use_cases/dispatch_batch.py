"""Dispatch: the robot is called with a job."""

import logging
from uuid import UUID

from exchange.contract.robots import BatchRobotRequest
from exchange.domain import blob_names, events
from exchange.domain.batch import Batch, Phase
from exchange.domain.robot_answer import RobotAnswer, to_event
from exchange.domain.transitions.dispatching import is_early
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import CLIENT, add_span_attributes, batch_operation, operation
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.parts import may_be_sent, record_acceptance, work_on_parts
from exchange.use_cases.read_ids import read_ids
from exchange.use_cases.write_snapshot import write_snapshot

log = logging.getLogger(__name__)


@batch_operation("dispatch")
async def dispatch_batch(stored: StoredBatch, attempt: int, services: Services) -> None:
    """Call the robot for this attempt, unless the attempt is early, settled, or another dispatcher is calling.

    The snapshot is written once, before the first call. Idempotent: a repeated message makes no second call. For a
    batch request in parts, make parts and have them dispatched. Before that, read the list of references.
    """
    batch = stored.batch
    add_span_attributes(attempt=attempt)
    if batch.phase is Phase.READING:
        await read_ids(stored, services)
        return
    if batch.phase is Phase.DIVIDED:
        await work_on_parts(stored, services)
        return
    if batch.part is not None and not await may_be_sent(stored, services):
        return
    if batch.phase is not Phase.RECEIVED or attempt != batch.attempt or is_early(batch, services.clock()):
        log.info("batch %s: nothing to dispatch for attempt %d", batch.id, attempt)
        return
    snapshot = batch.snapshot or services.new_id()
    if batch.snapshot is None:
        await write_snapshot(batch, snapshot, services)
    started = await advance(stored, events.CallStarted(attempt, snapshot), services)
    if not started.changed:
        log.info("batch %s: no call started: the call is claimed already or no longer due", batch.id)
        return
    answer = await _call_robot(started.batch, started.batch.snapshot or snapshot, services)
    log.info("batch %s: called robot %s: %s", batch.id, batch.robot_id, answer.summary)
    await _record_answer(started.stored, answer, services)
    if batch.part is not None and answer.accepted:
        await record_acceptance(batch, services)


@operation("call robot", CLIENT)
async def _call_robot(batch: Batch, snapshot: UUID, services: Services) -> RobotAnswer:
    stored = await services.robots.load(batch.robot_id)
    secrets = services.secrets.list_valid(
        batch.robot_id, stored.secret_version, stored.previous_secret_until, services.clock()
    )
    job = BatchRobotRequest(
        id=batch.id,
        reference_storage_url=await services.urls.sign_read_url(blob_names.reference_data(batch.id, snapshot)),
        result_storage_url=await services.urls.sign_upload_url(batch.id),
    )
    # A second call must end before the claim on the first one does.
    latest_call_at = (batch.call_until or 0.0) - services.deadlines.robot_call_timeout_s
    for secret in secrets:
        answer = await services.robot_calls.send_job(stored.robot, secret, job)
        if not answer.refuses_signature or services.clock() > latest_call_at:
            break
    add_span_attributes(http_status=answer.http_status)
    return answer


async def _record_answer(called: StoredBatch, answer: RobotAnswer, services: Services) -> None:
    """Record the answer. If the robot did not accept, an upload still proves that it has the batch."""

    async def observe(_: Batch) -> events.Event:
        upload = None if answer.accepted else await services.results.find_upload(called.batch.id)
        return to_event(answer, called.batch, upload)

    await observe_and_advance(called, observe, services)
