"""The activity of a robot in the last 30 days."""

from uuid import UUID

from exchange.contract.activity import RobotActivity
from exchange.domain.activity import summarize_activity
from exchange.ports import Services

_PERIOD_S = 30 * 86_400.0
# One query reads them all. docs/cost.md has its cost.
MAX_BATCHES = 200


async def read_robot_activity(robot_id: UUID, services: Services) -> RobotActivity:
    """Return what the robot did, from the newest of its batches. Raises NotFound."""
    await services.robots.load(robot_id)
    since = services.clock() - _PERIOD_S
    batches = await services.batches.list_of_robot(robot_id, since, MAX_BATCHES + 1)
    return summarize_activity(batches[:MAX_BATCHES], truncated=len(batches) > MAX_BATCHES)
