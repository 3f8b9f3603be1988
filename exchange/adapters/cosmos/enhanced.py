"""Which references a robot has enhanced already."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.partitions import FeedRange, PhysicalPartitions
from exchange.concurrency import run_concurrently

_CONTAINER = "references"
_IDS_PER_QUERY = 500
# The number of items in a page. Cosmos DB's default is 100.
_PAGE_ITEMS = 1_000
# DISTINCT would need a query plan, which the SDK does not request for a feed range.
_OF_ROBOT = "SELECT c.reference_id, c.robot_version FROM c WHERE c.robot_id = @robot_id AND c.reference_id IN "


class EnhancedReferences:
    """Finds the references with an enhancement by one robot, and by one of its versions if it is given."""

    def __init__(
        self, database: CosmosDatabase, partitions: PhysicalPartitions, robot_id: UUID, robot_version: str | None
    ) -> None:
        self._database = database
        self._partitions = partitions
        self._robot_id = robot_id
        self._robot_version = robot_version

    async def find(self, reference_ids: Iterable[UUID], max_concurrent: int) -> set[UUID]:
        """Return those of the ids. A query goes to one physical partition."""
        with translate_errors("reference"):
            container = await self._database.container(_CONTAINER)
            groups = await self._partitions.group(container, reference_ids, _IDS_PER_QUERY)
        found: set[UUID] = set()
        queries = (self._find_some(container, feed_range, ids) for feed_range, ids in groups)
        async for ids in run_concurrently(queries, max_concurrent):
            found |= ids
        return found

    async def _find_some(self, container: ContainerProxy, feed_range: FeedRange, ids: Sequence[UUID]) -> set[UUID]:
        """Read page by page, because a robot may have written many enhancements of a reference."""
        names = [f"@id{number}" for number in range(len(ids))]
        values = {"@robot_id": self._robot_id, **dict(zip(names, ids, strict=True))}
        parameters: list[dict[str, object]] = [{"name": name, "value": str(item)} for name, item in values.items()]
        found: set[UUID] = set()
        with translate_errors("reference"):
            items = container.query_items(
                f"{_OF_ROBOT}({', '.join(names)})",
                parameters=parameters,
                feed_range=feed_range,
                max_item_count=_PAGE_ITEMS,
            )
            async for item in items:
                if self._robot_version in {None, item.get("robot_version")}:
                    found.add(UUID(item["reference_id"]))
        return found
