"""Leaving out references that the robot has enhanced already."""

from collections.abc import Sequence
from uuid import UUID

from exchange.domain.transitions.skipping import skip
from exchange.domain.transitions.transition import Transition
from exchange.ports import Services
from exchange.telemetry.operations import add_span_attributes
from exchange.use_cases.manifest_file import write_selected


async def skip_enhanced(registered: Transition, reference_ids: Sequence[UUID], services: Services) -> Transition:
    """Return the new batch without the references that have an enhancement by its robot and the robot's version.

    Writes the ids of the other ones, in the order of the request, to a blob of its own. So a repeated registration
    under the same id cannot change them.
    """
    batch = registered.batch
    enhanced = await services.references.find_enhanced(reference_ids, batch.robot_id, batch.robot_version)
    add_span_attributes(skipped_count=len(enhanced))
    if not enhanced:
        return registered
    selected = services.new_id()
    remaining = [item for item in reference_ids if item not in enhanced]
    await write_selected(batch.id, selected, remaining, services.files)
    return skip(registered, len(enhanced), selected, services.clock())
