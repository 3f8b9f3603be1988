"""The services as fakes, with the use cases of the whole flow as methods."""

import json
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchRobotResult, Robot
from exchange.domain.added import find_added
from exchange.domain.batch import Batch
from exchange.domain.callers import Caller, CallingRobot, Role, User
from exchange.domain.errors import Unavailable
from exchange.domain.ids import new_id
from exchange.domain.messages import DispatchMessage
from exchange.ports import Services
from exchange.use_cases.dispatch_batch import dispatch_batch
from exchange.use_cases.import_results import import_results
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.validate_upload import validate_upload
from tests.fakes.world import World
from tests.results import annotation, jsonl

REQUESTOR = User("a requestor", frozenset({Role.REQUESTOR}))
OPERATOR = User("an operator", frozenset({Role.OPERATOR}))


class Exchange(World):
    """The fakes, with a robot, some references, and the use cases that a batch goes through."""

    reference_ids: list[UUID]
    robot: Robot

    async def populate(self, references: int = 5) -> None:
        """Register a robot and load references. A second call replaces both."""
        self.robot = Robot(
            id=new_id(), name=f"robot {references}", base_url="https://robot.test", description="", owner=""
        )
        await self.robots.create(self.robot)
        self.reference_ids = [
            await self.load(
                ReferenceFileInput.model_validate(
                    {"identifiers": [{"identifier_type": "pm_id", "identifier": number + 1}], "enhancements": None}
                )
            )
            for number in range(references)
        ]

    @property
    def calling_robot(self) -> CallingRobot:
        return CallingRobot(self.robot.id)

    async def register(self) -> UUID:
        request = BatchEnhancementRequestIn(robot_id=self.robot.id, reference_ids=self.reference_ids)
        return (await register_batch(request, REQUESTOR, self.services)).id

    async def dispatch(self, batch_id: UUID, attempt: int = 1) -> None:
        await dispatch_batch(batch_id, attempt, self.services)

    async def register_and_dispatch(self) -> UUID:
        batch_id = await self.register()
        await self.dispatch(batch_id)
        return batch_id

    async def upload(self, batch_id: UUID, *entries: Any) -> None:
        await self.results.put(batch_id, jsonl(*entries))

    async def dispatch_and_upload(self) -> UUID:
        """Dispatch a new batch and upload an annotation for each of its references."""
        batch_id = await self.register_and_dispatch()
        await self.upload(batch_id, *(annotation(reference_id) for reference_id in self.reference_ids))
        return batch_id

    async def validate(self, batch_id: UUID) -> None:
        await validate_upload(batch_id, self.services)

    async def call_back(self, batch_id: UUID, error: str | None = None) -> str:
        """Call back as the robot. Return the status of the batch in the response."""
        body = {"request_id": str(batch_id), "error": {"message": error} if error else None}
        result = BatchRobotResult.model_validate(body)
        return (await receive_callback(batch_id, result, self.calling_robot, self.services)).request_status

    async def run_import(self, batch_id: UUID) -> None:
        await import_results(batch_id, self.services)

    def get_batch(self, batch_id: UUID) -> Batch:
        return self.batches.items[batch_id].batch

    def count_sent(self, kind: type) -> int:
        return sum(isinstance(message, kind) for message in self.queues.sent)

    def get_last_dispatch(self) -> DispatchMessage:
        return [message for message in self.queues.sent if isinstance(message, DispatchMessage)][-1]

    def read_report(self, batch_id: UUID) -> list[str]:
        attempt = self.get_batch(batch_id).report
        return self.files.blobs[f"{batch_id}/{attempt}/validation.txt"].decode().splitlines()

    def read_report_entries(self, batch_id: UUID) -> list[dict[str, Any]]:
        attempt = self.get_batch(batch_id).report
        return [json.loads(line) for line in self.files.blobs[f"{batch_id}/{attempt}/validation.jsonl"].splitlines()]

    def read_enhancements(self, batch_id: UUID) -> list[dict[str, Any]]:
        """Return what the batch offers as the enhancements that it added, without the numbers of their lines."""
        name = find_added(self.get_batch(batch_id))
        assert name is not None
        return [without_line(json.loads(line)) for line in self.files.blobs[name].splitlines()]


def without_line(enhancement: dict[str, Any]) -> dict[str, Any]:
    assert enhancement["line"] >= 1
    return {name: value for name, value in enhancement.items() if name != "line"}


async def read_now(batch_id: UUID, caller: Caller, services: Services) -> BatchEnhancementRequestRead:
    """Read a batch request without conditions."""
    batch = (await read_batch(batch_id, caller, services)).batch
    assert batch is not None
    return batch


async def raise_unavailable(_batch_id: UUID) -> object:
    """Behave as `current_upload` of a store that cannot be reached."""
    raise Unavailable("The result file cannot be read.")


@pytest.fixture
async def exchange() -> Exchange:
    world = Exchange()
    await world.populate()
    return world
