"""A dry run of a batch request: the checks of a registration, without a batch."""

from exchange.contract.batches import BatchEnhancementRequestDryRun, BatchEnhancementRequestIn
from exchange.domain.callers import User
from exchange.domain.division import choose_division
from exchange.domain.errors import InputRejected
from exchange.ports import Services
from exchange.use_cases.register_batch import check_ids, check_robot


async def dry_run(request: BatchEnhancementRequestIn, user: User, services: Services) -> BatchEnhancementRequestDryRun:
    """Return which of the references are unknown, and how many would be skipped.

    Nothing is stored, and the limit of open batches does not matter.

    Raises InputRejected for repeated ids and for an uploaded list, TooLarge, and the errors of `check_robot`.
    """
    reference_ids = request.reference_ids
    if reference_ids is None:
        raise InputRejected(
            "A dry run does not read an uploaded list. Send reference_ids, at most "
            f"{services.limits.references_per_batch_limit} at once, or request the batch: it fails with a list of "
            "what is wrong."
        )
    check_ids(reference_ids, services.limits.references_per_batch_limit)
    robot = await check_robot(request.robot_id, services)
    missing = await services.references.find_missing(reference_ids, include_hidden=user.is_operator)
    unknown = [reference_id for reference_id in reference_ids if reference_id in missing]
    known = [reference_id for reference_id in reference_ids if reference_id not in missing]
    skipped = None
    if request.skip_enhanced:
        skipped = len(await services.references.find_enhanced(known, robot.id, robot.version))
    choose_division(robot, len(known) - (skipped or 0), services.limits)
    return BatchEnhancementRequestDryRun(
        robot_id=request.robot_id,
        requested=len(reference_ids),
        found=len(known),
        unknown=unknown,
        skipped=skipped,
    )
