"""Robots in memory."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from functions.contract.robots import Robot
from functions.domain.errors import NameTaken, NotFound, Stale
from functions.ports import StoredRobot


class FakeRobotStore:
    def __init__(self) -> None:
        self.items: dict[UUID, StoredRobot] = {}

    async def create(self, robot: Robot) -> int:
        if robot.id in self.items:
            raise NameTaken(f"There is a robot named '{robot.name}' already.")
        self._write(robot, 1)
        return 1

    async def load(self, robot_id: UUID) -> StoredRobot:
        try:
            return self.items[robot_id]
        except KeyError:
            raise NotFound(f"There is no robot {robot_id}.") from None

    async def replace(self, robot: Robot, secret_version: int, etag: str) -> None:
        if (await self.load(robot.id)).etag != etag:
            raise Stale("The robot was changed by somebody else.")
        self._write(robot, secret_version)

    async def all(self) -> Sequence[Robot]:
        return sorted((item.robot for item in self.items.values()), key=lambda robot: robot.name)

    def _write(self, robot: Robot, secret_version: int) -> None:
        if any(item.robot.name == robot.name and known != robot.id for known, item in self.items.items()):
            raise NameTaken(f"There is a robot named '{robot.name}' already.")
        self.items[robot.id] = StoredRobot(robot, secret_version, uuid4().hex)
