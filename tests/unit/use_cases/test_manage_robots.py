from uuid import UUID, uuid4

import pytest

from exchange.contract.robots import Delivery, Robot, RobotIn, RobotSettings
from exchange.contract.v1.robots import NO_BASE_URL, PullRobotIn
from exchange.domain.errors import Conflict, InputRejected, NotFound, Unavailable, WriteConflict
from exchange.domain.selection import EVERYTHING, select_for_robot
from exchange.ports import StoredRobot
from exchange.use_cases.manage_robots import (
    configure_robot,
    cycle_secret,
    list_robots,
    read_robot,
    register_pull_robot,
    register_robot,
    update_pull_robot,
    update_robot,
)
from exchange.use_cases.write_conflicts import MAX_CONFLICTS
from tests.fakes.world import World

REGISTRATION = RobotIn.model_validate(
    {
        "name": "tagger",
        "base_url": "https://robot.test/",
        "description": "d",
        "owner": "o",
        "dependent_enhancements": ["abstract"],
        "dependent_identifiers": ["doi"],
    }
)
RENAMED = REGISTRATION.model_copy(update={"name": "renamed", "dependent_identifiers": []})


async def register(world: World) -> UUID:
    return (await register_robot(REGISTRATION, world.services)).id


async def test_each_registered_robot_has_its_own_id_and_secret() -> None:
    world = World()
    first = await register_robot(REGISTRATION, world.services)
    second = await register_robot(RENAMED, world.services)
    assert first.model_dump() == {**REGISTRATION.model_dump(), "id": first.id, "client_secret": first.client_secret}
    assert first.client_secret == world.services.secrets.derive(first.id, 1)
    assert (first.id == second.id, first.client_secret == second.client_secret) == (False, False)


async def test_robots_are_read_without_their_secrets() -> None:
    world = World()
    await register_robot(RENAMED, world.services)
    robot_id = await register(world)
    robot = Robot(id=robot_id, **REGISTRATION.model_dump())
    assert await read_robot(robot_id, world.services) == robot
    listed = (await list_robots(world.services)).root
    assert [item.name for item in listed] == ["renamed", "tagger"]
    assert listed[1] == robot


async def test_an_updated_robot_keeps_its_id_and_its_secret() -> None:
    world = World()
    robot_id = await register(world)
    await cycle_secret(robot_id, world.services)
    updated = await update_robot(robot_id, RENAMED, world.services)
    assert updated == Robot(id=robot_id, **RENAMED.model_dump())
    assert await read_robot(robot_id, world.services) == updated
    assert world.robots.items[robot_id].secret_version == 2


async def test_only_the_settings_that_are_sent_are_changed() -> None:
    world = World()
    robot_id = await register(world)
    expected = Robot(id=robot_id, **REGISTRATION.model_dump())
    for settings in (
        {"enabled": False, "version": "2"},
        {"max_references": 10},
        {"delivery": "push"},
        {},
        {"version": None, "enabled": True},
        {"max_references": None},
    ):
        changes = {name: value for name, value in settings.items() if name != "delivery"}
        expected = expected.model_copy(update=changes)
        assert await configure_robot(robot_id, RobotSettings.model_validate(settings), world.services) == expected
        assert await read_robot(robot_id, world.services) == expected
    assert world.robots.items[robot_id].secret_version == 1


async def test_repeated_settings_are_not_written_again() -> None:
    world = World()
    robot_id = await register(world)
    settings = RobotSettings(enabled=False)
    etags = set()
    for _ in range(3):
        await configure_robot(robot_id, settings, world.services)
        etags.add(world.robots.items[robot_id].etag)
    assert len(etags) == 1


async def test_an_updated_robot_keeps_its_settings() -> None:
    world = World()
    robot_id = await register(world)
    await configure_robot(robot_id, RobotSettings(enabled=False, version="2", max_references=3), world.services)
    updated = await update_robot(robot_id, RENAMED, world.services)
    assert updated == Robot(id=robot_id, enabled=False, version="2", max_references=3, **RENAMED.model_dump())
    assert await read_robot(robot_id, world.services) == updated


async def test_each_cycle_returns_the_next_secret_of_the_same_robot() -> None:
    world = World()
    robot_id = await register(world)
    for version in (2, 3):
        cycled = await cycle_secret(robot_id, world.services)
        assert cycled.client_secret == world.services.secrets.derive(robot_id, version)
        assert cycled.model_dump(exclude={"client_secret"}) == (await read_robot(robot_id, world.services)).model_dump()


async def test_a_robot_with_an_invalid_address_is_refused_with_every_fault_and_not_stored() -> None:
    world = World()
    robot_id = await register(world)
    world.robot_calls.address_faults = ["base_url: one.", "base_url: two."]
    for attempt in (register_robot(RENAMED, world.services), update_robot(robot_id, RENAMED, world.services)):
        with pytest.raises(InputRejected) as raised:
            await attempt
        assert list(raised.value.faults) == world.robot_calls.address_faults
    assert [item.robot.name for item in world.robots.items.values()] == ["tagger"]


async def test_a_robot_may_be_registered_without_an_address_before_it_fetches_its_jobs() -> None:
    world = World()
    world.robot_calls.address_faults = ["The host of base_url cannot be resolved."]
    registration = REGISTRATION.model_copy(update={"base_url": NO_BASE_URL})
    robot = await register_robot(registration, world.services)
    fetching = await configure_robot(robot.id, RobotSettings(delivery=Delivery.PULL), world.services)
    assert (fetching.base_url, fetching.delivery) == (NO_BASE_URL, Delivery.PULL)


async def test_an_unknown_robot_raises_not_found() -> None:
    world = World()
    for attempt in (
        read_robot(uuid4(), world.services),
        update_robot(uuid4(), REGISTRATION, world.services),
        configure_robot(uuid4(), RobotSettings(), world.services),
        cycle_secret(uuid4(), world.services),
    ):
        with pytest.raises(NotFound):
            await attempt


@pytest.mark.parametrize(("conflicts", "cycled"), [(1, True), (MAX_CONFLICTS - 1, True), (MAX_CONFLICTS, False)])
async def test_a_write_is_repeated_after_write_conflicts_up_to_a_limit(
    conflicts: int,
    cycled: bool,  # noqa: FBT001
) -> None:
    world = World()
    robot_id = await register(world)
    write = world.robots.replace
    attempts = 0

    async def replace(changed: StoredRobot) -> None:
        nonlocal attempts
        attempts += 1
        if attempts <= conflicts:
            raise WriteConflict("Another process wrote first.")
        await write(changed)

    world.robots.replace = replace  # type: ignore[method-assign] # replaces the fake
    if cycled:
        await cycle_secret(robot_id, world.services)
    else:
        with pytest.raises(Unavailable, match="being changed by other processes"):
            await cycle_secret(robot_id, world.services)
    assert attempts == min(conflicts + 1, MAX_CONFLICTS)
    assert world.robots.items[robot_id].secret_version == (2 if cycled else 1)


class TestRobotsThatFetch:
    registration = PullRobotIn(name="fetcher", description="d", owner="o")

    async def test_a_registered_one_gets_references_with_everything(self) -> None:
        world = World()
        made = await register_pull_robot(self.registration, world.services)
        robot = await read_robot(made.id, world.services)
        assert select_for_robot(robot) == EVERYTHING
        assert (robot.delivery, robot.base_url, robot.name) == ("pull", NO_BASE_URL, "fetcher")
        assert made.client_secret == world.services.secrets.derive(made.id, 1)

    async def test_its_address_is_not_checked_because_it_is_never_called(self) -> None:
        world = World()
        world.robot_calls.address_faults = ["The host of base_url cannot be resolved."]
        registration = self.registration.model_copy(update={"base_url": "http://localhost"})
        made = await register_pull_robot(registration, world.services)
        assert (await read_robot(made.id, world.services)).base_url == "http://localhost"

    async def test_an_update_keeps_what_the_robot_depends_on(self) -> None:
        world = World()
        robot_id = await register(world)
        updated = await update_pull_robot(robot_id, self.registration, world.services)
        assert updated == await read_robot(robot_id, world.services)
        assert updated.model_dump() == {
            **REGISTRATION.model_dump(),
            "id": robot_id,
            "name": "fetcher",
            "base_url": NO_BASE_URL,
            "delivery": "pull",
        }

    async def test_it_may_keep_an_address_that_cannot_be_called(self) -> None:
        world = World()
        made = await register_pull_robot(self.registration, world.services)
        world.robot_calls.address_faults = ["The host of base_url cannot be resolved."]
        narrowed = RobotIn(**{**REGISTRATION.model_dump(), "base_url": NO_BASE_URL})
        assert (await update_robot(made.id, narrowed, world.services)).dependent_identifiers == ["doi"]

    async def test_it_is_called_only_at_an_address_that_can_be_called(self) -> None:
        world = World()
        made = await register_pull_robot(self.registration, world.services)
        push = RobotSettings.model_validate({"delivery": "push"})
        with pytest.raises(Conflict, match="The robot has no base_url"):
            await configure_robot(made.id, push, world.services)
        await update_robot(made.id, REGISTRATION, world.services)
        world.robot_calls.address_faults = ["The host of base_url cannot be resolved."]
        with pytest.raises(Conflict, match="cannot be resolved"):
            await configure_robot(made.id, push, world.services)
        world.robot_calls.address_faults = []
        assert (await configure_robot(made.id, push, world.services)).delivery == "push"
        world.robot_calls.address_faults = ["The host of base_url cannot be resolved."]
        assert (await configure_robot(made.id, push, world.services)).delivery == "push"
