"""The robots: few, so all in one partition, where their names are unique."""

from uuid import UUID

from functions.adapters.azure_errors import translated
from functions.adapters.cosmos.database import CosmosDatabase
from functions.contract.robots import Robot
from functions.domain.errors import NameTaken, NotFound

_CONTAINER = "robots"
_KIND = "robot"


class CosmosRobotStore:
    """Keeps one item a robot; see `ports.RobotStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, robot: Robot) -> None:
        """Write a new robot; raises NameTaken if its name or id exists."""
        try:
            with translated("robot"):
                container = await self._database.container(_CONTAINER)
                await container.create_item({**robot.model_dump(mode="json"), "kind": _KIND})
        except NameTaken as error:
            raise NameTaken(f"There is a robot named '{robot.name}' already.") from error

    async def load(self, robot_id: UUID) -> Robot:
        """Read a robot; raises NotFound."""
        try:
            with translated("robot"):
                container = await self._database.container(_CONTAINER)
                item = await container.read_item(str(robot_id), partition_key=_KIND)
        except NotFound as error:
            raise NotFound(f"There is no robot {robot_id}.") from error
        return Robot.model_validate({name: item[name] for name in Robot.model_fields})
