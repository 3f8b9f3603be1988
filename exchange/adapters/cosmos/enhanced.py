"""Which references a robot has enhanced already."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from exchange.adapters.cosmos.queries import ReferenceQueries

_IDS_PER_QUERY = 500
# DISTINCT would need a query plan, which the SDK does not request for a feed range.
_OF_ROBOT = "SELECT c.reference_id, c.robot_version FROM c WHERE c.robot_id = @robot_id AND c.reference_id IN "


async def find_enhanced(
    queries: ReferenceQueries, reference_ids: Iterable[UUID], robot_id: UUID, robot_version: str | None
) -> set[UUID]:
    """Return the references with an enhancement by this robot, and by this version of it if it is given.

    Reads page by page, because a robot may have written many enhancements of a reference.
    """
    found: set[UUID] = set()

    def receive(items: list[Any]) -> None:
        found.update(UUID(item["reference_id"]) for item in items if robot_version in {None, item.get("robot_version")})

    await queries.fold(_OF_ROBOT, reference_ids, _IDS_PER_QUERY, receive, {"@robot_id": str(robot_id)})
    return found
