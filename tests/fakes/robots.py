"""Robots in memory."""

from uuid import UUID

from functions.contract.robots import Robot
from functions.domain.errors import NameTaken, NotFound


class FakeRobotStore:
    def __init__(self) -> None:
        self.items: dict[UUID, Robot] = {}

    async def create(self, robot: Robot) -> None:
        if robot.id in self.items or any(known.name == robot.name for known in self.items.values()):
            raise NameTaken(f"There is a robot named '{robot.name}' already.")
        self.items[robot.id] = robot

    async def load(self, robot_id: UUID) -> Robot:
        try:
            return self.items[robot_id]
        except KeyError:
            raise NotFound(f"There is no robot {robot_id}.") from None
