"""A world of fakes, and what steps are tested with in it."""

import json
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchRobotResult, Robot
from exchange.domain.batch import Batch
from exchange.domain.callers import CallingRobot, User, Role
from exchange.domain.messages import DispatchMessage
from exchange.domain.ids import new_id
from exchange.use_cases.dispatch_batch import dispatch_batch
from exchange.use_cases.import_results import import_results
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.validate_upload import validate_upload
from tests.fakes.world import World
from tests.results import jsonl

REQUESTOR = User("a requestor", frozenset({Role.REQUESTOR}))


class Exchange(World):
    """A world with a robot, some references, and the flow's steps as one calls them."""

    reference_ids: list[UUID]
    robot: Robot

    async def populate(self, references: int = 5) -> None:
        self.robot = Robot(
            id=new_id(), name=f"robot {references}", base_url="https://robot.test", description="", owner=""
        )
        await self.robots.create(self.robot)
        loads = [
            await self.references.add(
                ReferenceFileInput.model_validate(
                    {"identifiers": [{"identifier_type": "pm_id", "identifier": number}], "enhancements": None}
                )
            )
            for number in range(references)
        ]
        self.reference_ids = [load.id for load in loads]

    @property
    def calling_robot(self) -> CallingRobot:
        return CallingRobot(self.robot.id)

    async def register(self) -> UUID:
        order = BatchEnhancementRequestIn(robot_id=self.robot.id, reference_ids=self.reference_ids)
        return (await register_batch(order, REQUESTOR, self.services)).id

    async def dispatched(self) -> UUID:
        batch_id = await self.register()
        await self.dispatch(batch_id)
        return batch_id

    async def dispatch(self, batch_id: UUID, attempt: int = 1) -> None:
        await dispatch_batch(batch_id, attempt, self.services)

    async def upload(self, batch_id: UUID, *entries: Any) -> None:
        await self.results.put(batch_id, jsonl(*entries))

    async def validate(self, batch_id: UUID) -> None:
        await validate_upload(batch_id, self.services)

    async def call_back(self, batch_id: UUID, error: str | None = None) -> str:
        body = {"request_id": str(batch_id), "error": {"message": error} if error else None}
        return (
            await receive_callback(BatchRobotResult.model_validate(body), self.calling_robot, self.services)
        ).request_status

    async def run_import(self, batch_id: UUID) -> None:
        await import_results(batch_id, self.services)

    def batch(self, batch_id: UUID) -> Batch:
        return self.batches.items[batch_id].batch

    def sent(self, kind: type) -> int:
        return sum(isinstance(due, kind) for due in self.queues.sent)

    def last_dispatch(self) -> DispatchMessage:
        return [due for due in self.queues.sent if isinstance(due, DispatchMessage)][-1]

    def report(self, batch_id: UUID) -> list[str]:
        attempt = self.batch(batch_id).report
        return self.files.blobs[f"{batch_id}/{attempt}/validation.txt"].decode().splitlines()

    def report_entries(self, batch_id: UUID) -> list[dict[str, Any]]:
        attempt = self.batch(batch_id).report
        return [json.loads(line) for line in self.files.blobs[f"{batch_id}/{attempt}/validation.jsonl"].splitlines()]


@pytest.fixture
async def exchange() -> Exchange:
    world = Exchange()
    await world.populate()
    return world
