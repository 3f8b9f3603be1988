"""Registration of a batch request."""

from collections import Counter
from dataclasses import replace
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.robots import Robot
from exchange.domain.callers import User
from exchange.domain.division import choose_division
from exchange.domain.errors import Conflict, InputRejected, NotFound, TooLarge
from exchange.domain.idempotency import BatchIdentity
from exchange.domain.lifecycle import divide, read_list, register
from exchange.domain.transitions.transition import Transition
from exchange.ports import Services
from exchange.telemetry.logs import bind_log_fields
from exchange.telemetry.metrics import record_transition
from exchange.telemetry.operations import add_span_attributes, current_traceparent, operation
from exchange.use_cases.advance import add_notification, send_message
from exchange.use_cases.manifest_file import write_manifest
from exchange.use_cases.open_batches import check_open_batches, keep_or_withdraw
from exchange.use_cases.read_batch import to_wire
from exchange.use_cases.skip_enhanced import skip_enhanced
from exchange.use_cases.upload_ids import find_list


@operation("request batch")
async def register_batch(
    request: BatchEnhancementRequestIn, user: User, services: Services, identity: BatchIdentity | None = None
) -> BatchEnhancementRequestRead:
    """Register a batch request and send its dispatch message. Nothing is stored if the request has a fault.

    If the request names an uploaded list of references, the list is read after that, and its faults are found then.

    Without an `identity` the batch gets a new id. Raises InputRejected for repeated ids, TooLarge, NotFound that lists
    every unknown id, Conflict if the robot is disabled, TooManyOpenBatches, and NameTaken if another batch has the id.
    """
    reference_ids = request.reference_ids or []
    check_ids(reference_ids, services.limits.references_per_batch_limit)
    await check_open_batches(user, services)
    robot = await _check_known(request, user, services)
    identity = identity or BatchIdentity(services.new_id())
    batch_id = identity.batch_id
    # References that were deleted are no fault of a retry.
    id_list = await find_list(request, user, services, leave_out_missing=identity.retry_of is not None)
    registered = register(batch_id, request, user.id, services.clock(), services.deadlines)
    if id_list is not None:
        registered = read_list(registered, id_list, services.deadlines)
    batch = replace(
        registered.batch,
        fingerprint=identity.fingerprint,
        unconfirmed=identity.is_derived,
        manifest=identity.manifest,
        retry_of=identity.retry_of,
        robot_version=robot.version,
        trace=current_traceparent(),
    )
    registered = transition = replace(registered, batch=batch)
    add_span_attributes(batch_id=str(batch_id), robot_id=str(request.robot_id), reference_count=batch.reference_count)
    with bind_log_fields(batch_id=batch_id, robot_id=request.robot_id):
        if id_list is None:
            transition = await _write_ids(registered, request, robot, services)
        if transition.batch.ended:
            transition = await add_notification(transition, services)
        await services.batches.create(transition.batch)
        await keep_or_withdraw(transition.batch, services)
        record_transition(registered.batch, transition)
        await send_message(transition.message, services)
        return await to_wire(transition.batch, request.reference_ids, user, services)


def check_ids(reference_ids: list[UUID], limit: int) -> None:
    """Check the number of the ids, and that none is repeated. Raises TooLarge, InputRejected."""
    if len(reference_ids) > limit:
        raise TooLarge(f"reference_ids may have at most {limit} ids. This request has {len(reference_ids)}.")
    repeated = [str(item) for item, count in Counter(reference_ids).items() if count > 1]
    if repeated:
        raise InputRejected(f"reference_ids must not repeat an id. Repeated: {', '.join(repeated)}.")


async def check_robot(robot_id: UUID, services: Services) -> Robot:
    """Return the robot if it takes batch requests. Raises NotFound, and Conflict if it is disabled."""
    robot = (await services.robots.load(robot_id)).robot
    if not robot.enabled:
        raise Conflict(f"The robot {robot.id} is disabled and takes no new batch requests. Choose another robot.")
    return robot


async def _write_ids(
    registered: Transition, request: BatchEnhancementRequestIn, robot: Robot, services: Services
) -> Transition:
    """Write the ids of the request, and return the new batch with those that the robot is to enhance."""
    reference_ids = request.reference_ids or []
    await write_manifest(registered.batch, reference_ids, services.files)
    if request.skip_enhanced:
        registered = await skip_enhanced(registered, reference_ids, services)
    return _divide(registered, robot, services)


def _divide(registered: Transition, robot: Robot, services: Services) -> Transition:
    """Return the new batch, in parts if its robot fetches its jobs or takes fewer references in one job.

    Raises TooLarge if that would be too many parts.
    """
    division = choose_division(robot, registered.batch.selected_count, services.limits)
    if registered.batch.ended or division is None:
        return registered
    return divide(registered, division, services.deadlines)


async def _check_known(request: BatchEnhancementRequestIn, user: User, services: Services) -> Robot:
    """Return the robot. Check that it and the references exist. Hidden references do not exist for requestors."""
    faults: list[str] = []
    robot = None
    try:
        robot = await check_robot(request.robot_id, services)
    except NotFound as error:
        faults.extend(error.faults)
    reference_ids = request.reference_ids or []
    unknown = await services.references.find_missing(reference_ids, include_hidden=user.is_operator)
    if unknown:
        listed = ", ".join(str(item) for item in reference_ids if item in unknown)
        faults.append(f"reference_ids contains unknown references: {listed}.")
    if robot is None or faults:
        raise NotFound(*faults)
    return robot
