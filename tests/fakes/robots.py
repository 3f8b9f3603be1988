"""In-memory fake of `RobotStore`."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from exchange.contract.robots import Robot
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.ports import StoredRobot


class FakeRobotStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredRobot] = {}

    async def create(self, robot: Robot) -> int:
        if robot.id in self.items:
            raise NameTaken(f"A robot with the name '{robot.name}' already exists.")
        self._write(robot, 1)
        return 1

    async def load(self, robot_id: UUID) -> StoredRobot:
        try:
            return self.items[robot_id]
        except KeyError:
            raise NotFound(f"The robot {robot_id} does not exist.") from None

    async def replace(self, robot: Robot, secret_version: int, etag: str) -> None:
        if (await self.load(robot.id)).etag != etag:
            raise WriteConflict("The robot was changed by another process.")
        self._write(robot, secret_version)

    async def list_all(self) -> Sequence[Robot]:
        return sorted((item.robot for item in self.items.values()), key=lambda robot: robot.name)

    def _write(self, robot: Robot, secret_version: int) -> None:
        if any(item.robot.name == robot.name and known != robot.id for known, item in self.items.items()):
            raise NameTaken(f"A robot with the name '{robot.name}' already exists.")
        self.items[robot.id] = StoredRobot(robot, secret_version, uuid4().hex)
