"""Queues and robots in memory."""

from collections.abc import Awaitable, Callable

from functions.contract.robots import BatchRobotRequest, Robot
from functions.domain.errors import Unavailable
from functions.domain.events import Due
from functions.domain.robot_answer import RobotAnswer

Behaviour = Callable[[BatchRobotRequest], Awaitable[RobotAnswer]]


class FakeQueues:
    def __init__(self) -> None:
        self.sent: list[Due] = []
        self.down = False

    async def send(self, due: Due) -> None:
        if self.down:
            raise Unavailable("The queue can't be reached.")
        self.sent.append(due)


async def accept(_request: BatchRobotRequest) -> RobotAnswer:
    return RobotAnswer(202, "no further words")


class FakeRobotCalls:
    """A robot that does what the test says."""

    def __init__(self) -> None:
        self.offers: list[tuple[Robot, BatchRobotRequest]] = []
        self.secrets: list[str] = []
        self.behaviour: Behaviour = accept
        self.found: list[str] = []

    async def offer(self, robot: Robot, secret: str, request: BatchRobotRequest) -> RobotAnswer:
        self.offers.append((robot, request))
        self.secrets.append(secret)
        return await self.behaviour(request)

    async def faults(self, _base_url: str) -> list[str]:
        return self.found
