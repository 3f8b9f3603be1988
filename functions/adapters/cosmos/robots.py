"""The robots: few, so all in one partition, where their names are unique."""

from collections.abc import Sequence
from uuid import UUID

from azure.core import MatchConditions

from functions.adapters.azure_errors import creating, translated
from functions.adapters.cosmos.database import CosmosDatabase, Item
from functions.contract.robots import Robot
from functions.domain.errors import NameTaken, NotFound
from functions.ports import StoredRobot

_CONTAINER = "robots"
_KIND = "robot"
_FIRST_SECRET = 1
_ALL = "SELECT * FROM c WHERE c.kind = @kind"


class CosmosRobotStore:
    """Keeps one item a robot; see `ports.RobotStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, robot: Robot) -> int:
        """Write a new robot; raises NameTaken if its name or id exists."""
        try:
            with creating("robot"):
                container = await self._database.container(_CONTAINER)
                await container.create_item(_item(robot, _FIRST_SECRET))
        except NameTaken as error:
            raise _taken(robot) from error
        return _FIRST_SECRET

    async def load(self, robot_id: UUID) -> StoredRobot:
        """Read a robot; raises NotFound."""
        try:
            with translated("robot"):
                container = await self._database.container(_CONTAINER)
                item = await container.read_item(str(robot_id), partition_key=_KIND)
        except NotFound as error:
            raise NotFound(f"There is no robot {robot_id}.") from error
        return StoredRobot(_robot(item), item["secret_version"], item["_etag"])

    async def replace(self, robot: Robot, secret_version: int, etag: str) -> None:
        """Write it on the condition that it was not written since; raises Stale, NotFound, NameTaken."""
        try:
            with creating("robot"):
                container = await self._database.container(_CONTAINER)
                await container.replace_item(
                    str(robot.id),
                    _item(robot, secret_version),
                    etag=etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except NameTaken as error:
            raise _taken(robot) from error

    async def all(self) -> Sequence[Robot]:
        """Return all robots, by their names: they are sorted here, where the index need not know of them."""
        with translated("robot"):
            container = await self._database.container(_CONTAINER)
            kind: list[dict[str, object]] = [{"name": "@kind", "value": _KIND}]
            items = [item async for item in container.query_items(_ALL, parameters=kind, partition_key=_KIND)]
        return sorted(map(_robot, items), key=lambda robot: robot.name)


def _item(robot: Robot, secret_version: int) -> Item:
    return {**robot.model_dump(mode="json"), "kind": _KIND, "secret_version": secret_version}


def _robot(item: Item) -> Robot:
    return Robot.model_validate({name: item[name] for name in Robot.model_fields if name in item})


def _taken(robot: Robot) -> NameTaken:
    return NameTaken(f"There is a robot named '{robot.name}' already.")
