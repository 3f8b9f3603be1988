from dataclasses import replace
from uuid import UUID

import pytest
from azure.functions.timer import TimerRequest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Upload
from exchange.domain.errors import Unavailable
from exchange.settings import Settings
from functions.current import Running, provide
from functions.timer import sweep_overdue
from tests.ports.test_batch_store import a_batch
from tests.fakes import FakeResultFiles, World
from tests.fakes.world import START
from tests.unit.test_settings import SAMPLE


class ResultsAway(FakeResultFiles):
    async def current_upload(self, _batch_id: UUID) -> Upload | None:
        raise Unavailable("The store of the result file can't be reached.")


@pytest.fixture
def world() -> World:
    world = World()
    provide(Running(Settings.read(SAMPLE), world.services))
    return world


async def minute() -> None:
    await sweep_overdue.build().get_user_function()(TimerRequest())


async def test_the_sweep_is_done_though_the_vitals_fail(world: World) -> None:
    batch = a_batch()
    await world.batches.create(batch)
    world.clock.now = START + 301
    world.dead_letters.down = True
    with pytest.raises(Unavailable):
        await minute()
    assert len(world.queues.sent) == 1


async def test_the_vitals_are_taken_though_the_sweep_fails(world: World, caplog: pytest.LogCaptureFixture) -> None:
    provide(Running(Settings.read(SAMPLE), replace(world.services, results=ResultsAway(world.clock))))
    await world.batches.create(a_batch(status=BatchStatus.ACCEPTED))
    world.clock.now = START + 901
    with caplog.at_level("INFO"), pytest.raises(ExceptionGroup):
        await minute()
    assert "vitals: 1 open" in caplog.text
