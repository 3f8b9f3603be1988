"""The robots. They are few, so all are in one partition, in which their names are unique."""

from collections.abc import Sequence
from uuid import UUID

from azure.core import MatchConditions

from exchange.adapters.azure_errors import translate_create_errors, translate_errors
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.contract.robots import Robot
from exchange.domain.errors import NameTaken, NotFound
from exchange.ports import StoredRobot

_CONTAINER = "robots"
_KIND = "robot"
_FIRST_SECRET = 1
_ALL = "SELECT * FROM c WHERE c.kind = @kind"


class CosmosRobotStore:
    """Stores one item per robot; see `ports.RobotStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, robot: Robot) -> int:
        """Write a new robot. Idempotent. Raises NameTaken if another robot has its name or id."""
        item = _to_item(StoredRobot(robot, _FIRST_SECRET, etag=""))
        container = await self._database.container(_CONTAINER)
        try:
            await create_once(container, item, _KIND, "robot", list(item))
        except NameTaken as error:
            raise _name_taken(robot) from error
        return _FIRST_SECRET

    async def load(self, robot_id: UUID) -> StoredRobot:
        """Read a robot. Raises NotFound."""
        try:
            with translate_errors("robot"):
                container = await self._database.container(_CONTAINER)
                item = await container.read_item(str(robot_id), partition_key=_KIND)
        except NotFound as error:
            raise NotFound(f"The robot {robot_id} does not exist.") from error
        return StoredRobot(_to_robot(item), item["secret_version"], item["_etag"], item.get("previous_secret_until"))

    async def replace(self, changed: StoredRobot) -> None:
        """Write the robot if it still has the ETag. Raises WriteConflict, NotFound, NameTaken."""
        try:
            with translate_create_errors("robot"):
                container = await self._database.container(_CONTAINER)
                await container.replace_item(
                    str(changed.robot.id),
                    _to_item(changed),
                    etag=changed.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except NameTaken as error:
            raise _name_taken(changed.robot) from error

    async def list_all(self) -> Sequence[Robot]:
        """Return all robots, sorted by name. They are sorted here, so that the query needs no index."""
        with translate_errors("robot"):
            container = await self._database.container(_CONTAINER)
            kind: list[dict[str, object]] = [{"name": "@kind", "value": _KIND}]
            items = [item async for item in container.query_items(_ALL, parameters=kind, partition_key=_KIND)]
        return sorted(map(_to_robot, items), key=lambda robot: robot.name)


def _to_item(stored: StoredRobot) -> Item:
    return {
        **stored.robot.model_dump(mode="json"),
        "kind": _KIND,
        "secret_version": stored.secret_version,
        "previous_secret_until": stored.previous_secret_until,
        FIELD: FIRST_VERSION,
    }


def _to_robot(item: Item) -> Robot:
    check_version(item)
    return Robot.model_validate({name: item[name] for name in Robot.model_fields if name in item})


def _name_taken(robot: Robot) -> NameTaken:
    return NameTaken(f"A robot with the name '{robot.name}' already exists.")
