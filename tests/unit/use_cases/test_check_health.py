import asyncio

import pytest

from exchange.domain.errors import Unavailable
from exchange.use_cases.check_health import check_health
from tests.fakes.world import World


async def test_it_is_healthy_if_everything_is_there() -> None:
    assert (await check_health(World().services)).status == "healthy"


async def test_what_is_down_is_named_and_nothing_else() -> None:
    world = World()
    world.queue.down = True
    with pytest.raises(Unavailable) as raised:
        await check_health(world.services)
    assert str(raised.value) == "Down: queue."
    world.store.down = True
    with pytest.raises(Unavailable, match=r"^Down: store, queue\.$"):
        await check_health(world.services)


async def test_one_that_is_looked_at_holds_up_no_other() -> None:
    world = World()
    looked_at = asyncio.Event()

    async def waits_for_the_other() -> None:
        await asyncio.wait_for(looked_at.wait(), 5)

    async def lets_it_go_on() -> None:
        looked_at.set()

    world.store.check = waits_for_the_other  # type: ignore[method-assign] # a fake of this test's own
    world.queue.check = lets_it_go_on  # type: ignore[method-assign] # a fake of this test's own
    assert (await check_health(world.services)).status == "healthy"
