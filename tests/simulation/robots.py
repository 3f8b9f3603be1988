"""Robots of every kind. Each is called with the simulation, the request, and which call for this batch it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from exchange.contract.robots import BatchRobotRequest
from exchange.domain.robot_answer import RobotAnswer
from tests.results import annotation
from tests.simulation.world import LARGEST_ITEM, RobotPlay, Sent, Simulation

TAKEN = RobotAnswer(202, "no further words")
BUSY = RobotAnswer(503, "busy", 7.0)
NO_ANSWER = RobotAnswer(None, "no answer within 30 s")
HAVE_IT = RobotAnswer(409, "I have it")


Make = Callable[[UUID, str, Sequence[UUID]], list[Sent]]


def all_good(_batch: UUID, mark: str, ids: Sequence[UUID]) -> list[Sent]:
    """Enhance every reference, the first one twice."""
    named = [*ids, ids[0]]
    return [Sent(annotation(item, f"{mark}/{n}"), item, added=True) for n, item in enumerate(named)]


def mixed(_batch: UUID, mark: str, ids: Sequence[UUID]) -> list[Sent]:
    """Have something of everything; the last reference is left out."""
    first, second, *others, _left_out = ids
    entries = [
        Sent(annotation(first, f"{mark}/a"), first, added=True),
        Sent(b"not json"),
        Sent(annotation(first, f"{mark}/a"), first),
        Sent(annotation(UUID(int=7, version=4), f"{mark}/b"), UUID(int=7, version=4)),
        Sent({"reference_id": str(second), "message": "no"}, second),
        Sent(annotation(second, f"{mark}/{'x' * LARGEST_ITEM}"), second, refused=True),
    ]
    return [*entries, *(Sent(annotation(item, f"{mark}/{n}"), item, added=True) for n, item in enumerate(others))]


def nothing_usable(_batch: UUID, _mark: str, _ids: Sequence[UUID]) -> list[Sent]:
    """Have nothing that could be imported."""
    return [Sent(b"nothing")]


class Delivery:
    """What a robot does for one batch."""

    def __init__(self, simulation: Simulation, batch_id: UUID, make: Make) -> None:
        self._simulation = simulation
        self._batch_id = batch_id
        self._make = make
        self._uploads = 0

    async def upload(self) -> None:
        self._uploads += 1
        mark = f"{self._batch_id}/{self._uploads}"
        await self._simulation.deliver(self._batch_id, self._make(self._batch_id, mark, self._simulation.reference_ids))

    async def report(self, error: str | None = None) -> None:
        await self._simulation.call_back(self._batch_id, self._simulation.robot, error)


Steps = Callable[[Delivery], Awaitable[None]]


async def upload_and_report(delivery: Delivery) -> None:
    await delivery.upload()
    await asyncio.sleep(2)
    await delivery.report()


async def report_twice_around_two_uploads(delivery: Delivery) -> None:
    await delivery.report()
    await delivery.upload()
    await asyncio.sleep(1.01)
    await delivery.upload()
    await asyncio.gather(delivery.report(), delivery.report())


async def replace_after_the_report(delivery: Delivery) -> None:
    await upload_and_report(delivery)
    for pause in (0.02, 0.5, 3, 60):
        await asyncio.sleep(pause)
        await delivery.upload()


async def only_upload(delivery: Delivery) -> None:
    await delivery.upload()


async def say_nothing(_delivery: Delivery) -> None:
    pass


async def fail(delivery: Delivery) -> None:
    await delivery.upload()
    await delivery.report("out of memory")
    await delivery.report()


async def contradict(delivery: Delivery) -> None:
    await upload_and_report(delivery)
    await delivery.report("after all")
    await delivery.report()


def takes(make: Make = all_good, then: Steps = upload_and_report, pause_s: float = 5.0) -> RobotPlay:
    """Make a robot that takes a batch at once and works on it afterwards; asked again, it says that it has it."""

    async def play(simulation: Simulation, request: BatchRobotRequest, number: int) -> RobotAnswer:
        if number > 1:
            return HAVE_IT

        async def work() -> None:
            await asyncio.sleep(pause_s)
            await then(Delivery(simulation, request.id, make))

        simulation.start(work())
        return TAKEN

    return play


def before_it_answers(answer: RobotAnswer, make: Make = all_good, then: Steps = upload_and_report) -> RobotPlay:
    """Make a robot that does all its work before it answers, and then answers this."""

    async def play(simulation: Simulation, request: BatchRobotRequest, number: int) -> RobotAnswer:
        if number == 1:
            await then(Delivery(simulation, request.id, make))
        return answer if number == 1 else HAVE_IT

    return play


def at_first(answers: Sequence[RobotAnswer], robot: RobotPlay) -> RobotPlay:
    """Make a robot that answers these first, and then is another one."""

    async def play(simulation: Simulation, request: BatchRobotRequest, number: int) -> RobotAnswer:
        if number <= len(answers):
            return answers[number - 1]
        return await robot(simulation, request, number - len(answers))

    return play


def lets_it_time_out(robot: RobotPlay) -> RobotPlay:
    """Make a robot whose first answer never arrives, though it has taken the batch."""

    async def play(simulation: Simulation, request: BatchRobotRequest, number: int) -> RobotAnswer:
        answer = await robot(simulation, request, number)
        if number > 1:
            return answer
        await asyncio.sleep(simulation.services.deadlines.robot_call_timeout_s)
        return NO_ANSWER

    return play


def always(answer: RobotAnswer) -> RobotPlay:
    """Make a robot that has only this to say."""

    async def play(_simulation: Simulation, _request: BatchRobotRequest, _number: int) -> RobotAnswer:
        return answer

    return play
