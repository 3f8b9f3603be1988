import asyncio

import pytest

from exchange.domain.errors import Unavailable
from exchange.use_cases.check_health import check_health
from tests.fakes.world import World


async def test_the_exchange_is_healthy_if_all_dependencies_are_available() -> None:
    assert (await check_health(World().services)).status == "healthy"


async def test_the_error_names_exactly_the_dependencies_that_are_down() -> None:
    world = World()
    world.queue.down = True
    with pytest.raises(Unavailable) as raised:
        await check_health(world.services)
    assert str(raised.value) == "Not available: queue."
    world.store.down = True
    with pytest.raises(Unavailable, match=r"^Not available: store, queue\.$"):
        await check_health(world.services)


async def test_dependencies_are_checked_concurrently() -> None:
    world = World()
    checked = asyncio.Event()

    async def wait_for_the_other_check() -> None:
        await asyncio.wait_for(checked.wait(), 5)

    async def release_the_other_check() -> None:
        checked.set()

    world.store.check = wait_for_the_other_check  # type: ignore[method-assign] # replaces the fake
    world.queue.check = release_the_other_check  # type: ignore[method-assign] # replaces the fake
    assert (await check_health(world.services)).status == "healthy"
