"""A dry run of a batch request: the checks of a registration, without a batch."""

from exchange.contract.batches import BatchEnhancementRequestDryRun, BatchEnhancementRequestIn
from exchange.domain.callers import User
from exchange.ports import Services
from exchange.use_cases.register_batch import check_ids, check_robot


async def dry_run(request: BatchEnhancementRequestIn, user: User, services: Services) -> BatchEnhancementRequestDryRun:
    """Return which of the references are unknown, and how many would be skipped.

    Nothing is stored, and the limit of open batches does not matter.

    Raises InputRejected for repeated ids, TooLarge, and the errors of `check_robot`.
    """
    check_ids(request.reference_ids, services.limits.references_per_batch_limit)
    robot = await check_robot(request.robot_id, services)
    missing = await services.references.find_missing(request.reference_ids, include_hidden=user.is_operator)
    unknown = [reference_id for reference_id in request.reference_ids if reference_id in missing]
    known = [reference_id for reference_id in request.reference_ids if reference_id not in missing]
    skipped = None
    if request.skip_enhanced:
        skipped = len(await services.references.find_enhanced(known, robot.id, robot.version))
    return BatchEnhancementRequestDryRun(
        robot_id=request.robot_id,
        requested=len(request.reference_ids),
        found=len(known),
        unknown=unknown,
        skipped=skipped,
    )
