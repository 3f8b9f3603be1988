from uuid import UUID, uuid4

import pytest

from exchange.contract.robots import Robot
from exchange.domain.callers import CallingRobot
from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import SignedCall, sign
from exchange.use_cases.authenticate_robot import authenticate_robot
from tests.fakes.world import World

ROBOT = uuid4()


async def world_with_a_robot() -> World:
    world = World()
    await world.robots.create(Robot(id=ROBOT, name="r", base_url="https://robot.test", description="", owner=""))
    return world


def signed(world: World, robot_id: UUID = ROBOT, version: int = 1, age_s: float = 0.0) -> SignedCall:
    timestamp = str(world.clock.now - age_s)
    signature = sign(world.services.secrets.derive(robot_id, version), b"body", robot_id, timestamp)
    return SignedCall(robot_id, signature, timestamp, b"body")


async def test_a_robot_is_known_by_its_signature() -> None:
    world = await world_with_a_robot()
    assert await authenticate_robot(signed(world), world.services) == CallingRobot(ROBOT)


async def test_a_signature_by_another_version_of_its_secret_is_refused() -> None:
    world = await world_with_a_robot()
    with pytest.raises(NotAuthenticated, match="does not fit"):
        await authenticate_robot(signed(world, version=2), world.services)


async def test_an_old_call_is_refused_though_it_is_well_signed() -> None:
    world = await world_with_a_robot()
    with pytest.raises(NotAuthenticated, match="five minutes"):
        await authenticate_robot(signed(world, age_s=301.0), world.services)


async def test_a_robot_that_is_not_registered_is_a_stranger() -> None:
    world = await world_with_a_robot()
    with pytest.raises(NotAuthenticated, match="no such robot"):
        await authenticate_robot(signed(world, uuid4()), world.services)
