"""A requestor asks for a batch."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from functions.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from functions.domain.callers import Member
from functions.domain.errors import InputRejected, NotFound, TooLarge, TooManyOpen
from functions.domain.lifecycle import register
from functions.ports import Services
from functions.steps.advance import send_due
from functions.steps.manifest_file import write_manifest
from functions.steps.read import as_read
from functions.telemetry.logs import about
from functions.telemetry.spans import note, traced, traceparent

# How long a requestor with too many open batches is asked to wait: batches take minutes.
_OPEN_RETRY_S = 60.0


@traced("request batch")
async def register_batch(
    order: BatchEnhancementRequestIn, caller: Member, services: Services
) -> BatchEnhancementRequestRead:
    """Register the order and send its dispatch. Every fault is found before anything is stored.

    Raises InputRejected for repeated ids, TooLarge, NotFound naming every unknown id, TooManyOpen.
    """
    _check_ids(order.reference_ids, services.limits.references_per_batch)
    await _check_open(caller, services)
    await _check_known(order, caller, services)
    batch_id = services.new_id()
    outcome = register(batch_id, order, caller.id, services.clock(), services.deadlines)
    batch = replace(outcome.batch, trace=traceparent())
    note(batch_id=str(batch_id), robot_id=str(order.robot_id), references=batch.references)
    with about(batch_id=batch_id, robot_id=order.robot_id):
        await write_manifest(batch_id, order.reference_ids, services.files)
        await services.batches.create(batch)
        await send_due(outcome.due, services)
        return await as_read(batch, order.reference_ids, caller, services)


def _check_ids(reference_ids: list[UUID], most: int) -> None:
    if len(reference_ids) > most:
        raise TooLarge(f"A batch takes at most {most} references; this one has {len(reference_ids)}.")
    repeated = [str(item) for item, times in Counter(reference_ids).items() if times > 1]
    if repeated:
        raise InputRejected(f"reference_ids: each reference may be named once; repeated: {', '.join(repeated)}.")


async def _check_open(caller: Member, services: Services) -> None:
    most = services.limits.open_batches
    if await services.batches.open_of(caller.id, most) >= most:
        raise TooManyOpen(
            f"You have {most} batch requests that have not ended, which is the most: wait for one to end.",
            retry_after_s=_OPEN_RETRY_S,
        )


async def _check_known(order: BatchEnhancementRequestIn, caller: Member, services: Services) -> None:
    """Find the robot and the references; what is hidden from whoever asks is unknown to them."""
    faults: list[str] = []
    try:
        await services.robots.load(order.robot_id)
    except NotFound as error:
        faults.extend(error.faults)
    unknown = await services.references.missing(order.reference_ids, hidden_too=caller.operates)
    if unknown:
        listed = ", ".join(str(item) for item in order.reference_ids if item in unknown)
        faults.append(f"reference_ids: there are no such references: {listed}.")
    if faults:
        raise NotFound(*faults)
