from uuid import UUID, uuid4

import pytest

from exchange.contract.robots import Robot, RobotIn
from exchange.domain.errors import InputRejected, NotFound, WriteConflict, Unavailable
from exchange.use_cases.manage_robots import cycle_secret, list_robots, read_robot, register_robot, update_robot
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


async def registered(world: World) -> UUID:
    return (await register_robot(REGISTRATION, world.services)).id


async def test_a_registered_robot_has_an_id_and_a_secret_of_its_own() -> None:
    world = World()
    one = await register_robot(REGISTRATION, world.services)
    two = await register_robot(RENAMED, world.services)
    assert one.model_dump() == {**REGISTRATION.model_dump(), "id": one.id, "client_secret": one.client_secret}
    assert one.client_secret == world.services.secrets.derive(one.id, 1)
    assert (one.id == two.id, one.client_secret == two.client_secret) == (False, False)


async def test_robots_are_read_without_their_secrets() -> None:
    world = World()
    await register_robot(RENAMED, world.services)
    robot_id = await registered(world)
    robot = Robot(id=robot_id, **REGISTRATION.model_dump())
    assert await read_robot(robot_id, world.services) == robot
    listed = (await list_robots(world.services)).root
    assert [item.name for item in listed] == ["renamed", "tagger"]
    assert listed[1] == robot


async def test_a_changed_robot_keeps_its_id_and_its_secret() -> None:
    world = World()
    robot_id = await registered(world)
    await cycle_secret(robot_id, world.services)
    changed = await update_robot(robot_id, RENAMED, world.services)
    assert changed == Robot(id=robot_id, **RENAMED.model_dump())
    assert await read_robot(robot_id, world.services) == changed
    assert world.robots.items[robot_id].secret_version == 2


async def test_each_cycle_gives_the_same_robot_the_next_secret() -> None:
    world = World()
    robot_id = await registered(world)
    for version in (2, 3):
        cycled = await cycle_secret(robot_id, world.services)
        assert cycled.client_secret == world.services.secrets.derive(robot_id, version)
        assert cycled.model_dump(exclude={"client_secret"}) == (await read_robot(robot_id, world.services)).model_dump()


async def test_what_is_wrong_with_its_address_is_said_and_nothing_is_kept() -> None:
    world = World()
    robot_id = await registered(world)
    world.robot_calls.found = ["base_url: one.", "base_url: two."]
    for attempt in (register_robot(RENAMED, world.services), update_robot(robot_id, RENAMED, world.services)):
        with pytest.raises(InputRejected) as raised:
            await attempt
        assert list(raised.value.faults) == world.robot_calls.found
    assert [item.robot.name for item in world.robots.items.values()] == ["tagger"]


async def test_there_has_to_be_such_a_robot() -> None:
    world = World()
    for attempt in (
        read_robot(uuid4(), world.services),
        update_robot(uuid4(), REGISTRATION, world.services),
        cycle_secret(uuid4(), world.services),
    ):
        with pytest.raises(NotFound):
            await attempt


@pytest.mark.parametrize(("clashes", "cycled"), [(1, True), (9, True), (10, False)])
async def test_a_robot_that_others_change_meanwhile_is_tried_again_but_not_for_ever(
    clashes: int,
    cycled: bool,  # noqa: FBT001
) -> None:
    world = World()
    robot_id = await registered(world)
    write = world.robots.replace
    tries = 0

    async def clashing(robot: Robot, secret_version: int, etag: str) -> None:
        nonlocal tries
        tries += 1
        if tries <= clashes:
            raise WriteConflict("somebody else wrote first")
        await write(robot, secret_version, etag)

    world.robots.replace = clashing  # type: ignore[method-assign] # a fake of this test's own
    if cycled:
        await cycle_secret(robot_id, world.services)
    else:
        with pytest.raises(Unavailable, match="changed by others"):
            await cycle_secret(robot_id, world.services)
    assert tries == min(clashes + 1, 10)
    assert world.robots.items[robot_id].secret_version == (2 if cycled else 1)
