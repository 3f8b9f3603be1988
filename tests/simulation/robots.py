"""Robots of all kinds. Each is called with the simulation, the job, and the number of the call for this batch."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from exchange.contract.robots import BatchRobotRequest
from exchange.domain.robot_answer import RobotAnswer
from tests.results import annotation
from tests.simulation.world import (
    EARLY_VALIDATIONS_LIMIT,
    LARGEST_ITEM,
    OLDER_VERSION,
    ExpectedEntry,
    RobotBehaviour,
    Simulation,
)

ACCEPTED = RobotAnswer(202, "accepted")
REJECTED = RobotAnswer(422, "only English")
BUSY = RobotAnswer(503, "busy", 7.0)
NO_ANSWER = RobotAnswer(None, "no answer within 30 s")
ALREADY_ACCEPTED = RobotAnswer(409, "already accepted")


MakeResult = Callable[[str, Sequence[UUID]], list[ExpectedEntry]]
"""Makes the entries of a result. All its labels start with the first argument."""


def make_valid_result(label: str, ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Enhance every reference, and the first one twice."""
    return [
        ExpectedEntry(annotation(item, f"{label}/{number}"), item, added=True)
        for number, item in enumerate([*ids, ids[0]])
    ]


def make_mixed_result(label: str, ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Make an entry of every kind. The last reference is missing."""
    first, second, *others, _missing = ids
    not_requested = UUID(int=7, version=4)
    entries = [
        ExpectedEntry(annotation(first, f"{label}/a"), first, added=True),
        ExpectedEntry(b"not json"),
        ExpectedEntry(annotation(first, f"{label}/a"), first),
        ExpectedEntry(annotation(not_requested, f"{label}/b"), not_requested),
        ExpectedEntry({"reference_id": str(second), "message": "no"}, second),
        ExpectedEntry(annotation(second, f"{label}/{'x' * LARGEST_ITEM}"), second, refused=True),
    ]
    added = (
        ExpectedEntry(annotation(item, f"{label}/{number}"), item, added=True) for number, item in enumerate(others)
    )
    return [*entries, *added]


def make_half_result(label: str, ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Enhance every second reference. The store refuses an enhancement of the last one of the others."""
    others = ids[1::2]
    added = [
        ExpectedEntry(annotation(item, f"{label}/{number}"), item, added=True) for number, item in enumerate(ids[::2])
    ]
    return [
        *added,
        *(ExpectedEntry(annotation(item, f"{label}/{'x' * LARGEST_ITEM}"), item, refused=True) for item in others[-1:]),
    ]


def make_result_of_older_version(label: str, ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Make an entry of every kind. Enhancements of an older version are never skipped by other batches."""
    return [
        replace(entry, line={**entry.line, "robot_version": OLDER_VERSION}) if isinstance(entry.line, dict) else entry
        for entry in make_mixed_result(label, ids)
    ]


def make_unreadable_result(_label: str, _ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Make a result without any valid entry."""
    return [ExpectedEntry(b"nothing")]


class Delivery:
    """The uploads and callbacks of a robot for one batch."""

    def __init__(self, simulation: Simulation, batch_id: UUID, make_result: MakeResult) -> None:
        self._simulation = simulation
        self._batch_id = batch_id
        self._make_result = make_result
        self._uploads = 0

    async def upload(self) -> None:
        self._uploads += 1
        label = f"{self._batch_id}/{self._uploads}"
        await self._simulation.upload(
            self._batch_id, self._make_result(label, self._simulation.list_requested(self._batch_id))
        )

    async def call_back(self, error: str | None = None) -> None:
        await self._simulation.call_back(self._batch_id, self._simulation.robot, error)


Work = Callable[[Delivery], Coroutine[Any, Any, None]]


async def upload_and_call_back(delivery: Delivery) -> None:
    await delivery.upload()
    await asyncio.sleep(2)
    await delivery.call_back()


async def call_back_before_and_after_two_uploads(delivery: Delivery) -> None:
    await delivery.call_back()
    await delivery.upload()
    await asyncio.sleep(1.01)
    await delivery.upload()
    await asyncio.gather(delivery.call_back(), delivery.call_back())


async def replace_the_upload_after_the_callback(delivery: Delivery) -> None:
    await upload_and_call_back(delivery)
    for pause in (0.02, 0.5, 3, 60):
        await asyncio.sleep(pause)
        await delivery.upload()


async def upload_only(delivery: Delivery) -> None:
    await delivery.upload()


async def upload_again_and_again(delivery: Delivery) -> None:
    """Upload more often than an upload without a callback waits, until long after the silence limit."""
    for _ in range(12):
        await delivery.upload()
        await asyncio.sleep(800)


async def upload_often_and_call_back(delivery: Delivery) -> None:
    """Upload more often than uploads are validated before the callback."""
    for _ in range(2 * EARLY_VALIDATIONS_LIMIT):
        await delivery.upload()
        await asyncio.sleep(60)
    await delivery.call_back()


async def stay_silent(_delivery: Delivery) -> None:
    pass


async def upload_and_report_an_error(delivery: Delivery) -> None:
    await delivery.upload()
    await delivery.call_back("out of memory")
    await delivery.call_back()


async def report_an_error_after_success(delivery: Delivery) -> None:
    await upload_and_call_back(delivery)
    await delivery.call_back("it failed after all")
    await delivery.call_back()


def accept_and_work(
    make_result: MakeResult = make_valid_result, work: Work = upload_and_call_back, pause_s: float = 5.0
) -> RobotBehaviour:
    """Make a robot that accepts a batch and works on it after a pause. It answers repeated calls with 409."""

    async def behave(simulation: Simulation, job: BatchRobotRequest, number: int) -> RobotAnswer:
        if number > 1:
            return ALREADY_ACCEPTED

        async def work_later() -> None:
            await asyncio.sleep(pause_s)
            await work(Delivery(simulation, job.id, make_result))

        simulation.start(work_later())
        return ACCEPTED

    return behave


def work_before_answering(
    answer: RobotAnswer, make_result: MakeResult = make_valid_result, work: Work = upload_and_call_back
) -> RobotBehaviour:
    """Make a robot that does all its work before it answers with `answer`."""

    async def behave(simulation: Simulation, job: BatchRobotRequest, number: int) -> RobotAnswer:
        if number == 1:
            await work(Delivery(simulation, job.id, make_result))
        return answer if number == 1 else ALREADY_ACCEPTED

    return behave


def answer_first(answers: Sequence[RobotAnswer], then: RobotBehaviour) -> RobotBehaviour:
    """Make a robot that answers the first calls with `answers` and behaves like `then` afterwards."""

    async def behave(simulation: Simulation, job: BatchRobotRequest, number: int) -> RobotAnswer:
        if number <= len(answers):
            return answers[number - 1]
        return await then(simulation, job, number - len(answers))

    return behave


def lose_the_first_answer(behaviour: RobotBehaviour) -> RobotBehaviour:
    """Make a robot whose first answer never arrives, although it has accepted the batch."""

    async def behave(simulation: Simulation, job: BatchRobotRequest, number: int) -> RobotAnswer:
        answer = await behaviour(simulation, job, number)
        if number > 1:
            return answer
        await asyncio.sleep(simulation.services.deadlines.robot_call_timeout_s)
        return NO_ANSWER

    return behave


def answer_always(answer: RobotAnswer) -> RobotBehaviour:
    """Make a robot that answers every call with `answer` and does not work."""

    async def behave(_simulation: Simulation, _job: BatchRobotRequest, _number: int) -> RobotAnswer:
        return answer

    return behave
