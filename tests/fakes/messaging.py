"""In-memory fakes of `Queues` and `RobotCalls`."""

from collections.abc import Awaitable, Callable

from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.errors import Unavailable
from exchange.domain.messages import Message
from exchange.domain.robot_answer import RobotAnswer

Behaviour = Callable[[BatchRobotRequest], Awaitable[RobotAnswer]]


class FakeQueues:
    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.down = False

    async def send(self, message: Message) -> None:
        if self.down:
            raise Unavailable("The queue cannot be reached.")
        self.sent.append(message)


async def accept(_request: BatchRobotRequest) -> RobotAnswer:
    return RobotAnswer(202, "no message")


class FakeRobotCalls:
    """Records the jobs. `behaviour` answers them; a test may replace it."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Robot, BatchRobotRequest]] = []
        self.secrets: list[str] = []
        self.behaviour: Behaviour = accept
        self.address_faults: list[str] = []

    async def send_job(self, robot: Robot, secret: str, job: BatchRobotRequest) -> RobotAnswer:
        self.jobs.append((robot, job))
        self.secrets.append(secret)
        return await self.behaviour(job)

    async def find_address_faults(self, _base_url: str) -> list[str]:
        return self.address_faults
