from dataclasses import replace
from uuid import UUID, uuid4

import azure.functions as func
import pytest
from azure.functions.timer import TimerRequest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.contract.operations import DeadLetterQueue
from exchange.domain.batch import Batch, Upload
from exchange.domain.errors import Unavailable
from exchange.domain.lifecycle import register
from exchange.ports import Services
from functions.timer import timer_triggers
from tests.fakes import FakeResultFiles, World
from tests.fakes.world import DEADLINES, START


class UnavailableResultFiles(FakeResultFiles):
    async def find_upload(self, _batch_id: UUID) -> Upload | None:
        raise Unavailable("The store of the result file cannot be reached.")


def make_batch() -> Batch:
    request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4()])
    return register(uuid4(), request, "a requestor", START, DEADLINES).batch


async def run_timer(services: Services) -> None:
    app = func.FunctionApp()
    app.register_functions(timer_triggers(lambda: services))
    (trigger,) = app.get_functions()
    await trigger.get_user_function()(TimerRequest())


async def test_the_sweep_runs_even_if_the_stats_fail() -> None:
    world = World()
    await world.batches.create(make_batch())
    world.clock.now = START + 301
    world.dead_letters[DeadLetterQueue.BLOBS].down = True
    with pytest.raises(Unavailable):
        await run_timer(world.services)
    assert len(world.queues.sent) == 1


async def test_the_stats_are_collected_even_if_the_sweep_fails(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    await world.batches.create(replace(make_batch(), status=BatchStatus.ACCEPTED))
    world.clock.now = START + 901
    with caplog.at_level("INFO"), pytest.raises(ExceptionGroup):
        await run_timer(replace(world.services, results=UnavailableResultFiles(world.clock)))
    assert "stats: open=1 " in caplog.text
