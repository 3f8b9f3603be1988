"""In-memory fake of `RobotStore`."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from exchange.contract.robots import Robot
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.ports import StoredRobot


class FakeRobotStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredRobot] = {}

    async def create(self, robot: Robot) -> int:
        if robot.id in self.items:
            if self.items[robot.id].robot == robot:
                return 1
            raise NameTaken(f"A robot with the name '{robot.name}' already exists.")
        self._write(StoredRobot(robot, 1, etag=""))
        return 1

    async def load(self, robot_id: UUID) -> StoredRobot:
        try:
            return self.items[robot_id]
        except KeyError:
            raise NotFound(f"The robot {robot_id} does not exist.") from None

    async def replace(self, changed: StoredRobot) -> None:
        if (await self.load(changed.robot.id)).etag != changed.etag:
            raise WriteConflict("The robot was changed by another process.")
        self._write(changed)

    async def list_all(self) -> Sequence[Robot]:
        return sorted((item.robot for item in self.items.values()), key=lambda robot: robot.name)

    def _write(self, stored: StoredRobot) -> None:
        robot = stored.robot
        if any(item.robot.name == robot.name and known != robot.id for known, item in self.items.items()):
            raise NameTaken(f"A robot with the name '{robot.name}' already exists.")
        self.items[robot.id] = replace(stored, etag=uuid4().hex)
