from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.contract.robots import Delivery, Robot
from exchange.domain.callers import CallingRobot
from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import SignedCall, sign
from exchange.use_cases.authenticate_robot import authenticate_robot
from tests.fakes.world import World

ROBOT = uuid4()


async def make_world_with_robot() -> World:
    world = World()
    await world.robots.create(Robot(id=ROBOT, name="r", base_url="https://robot.test", description="", owner=""))
    return world


def make_call(world: World, robot_id: UUID = ROBOT, version: int = 1, age_s: float = 0.0) -> SignedCall:
    timestamp = str(world.clock.now - age_s)
    signature = sign(world.services.secrets.derive(robot_id, version), b"body", robot_id, timestamp)
    return SignedCall(robot_id, signature, timestamp, b"body")


@pytest.mark.parametrize(("delivery", "is_called"), [(Delivery.PUSH, True), (Delivery.PULL, False)])
async def test_a_valid_signature_authenticates_the_robot(delivery: Delivery, is_called: bool) -> None:  # noqa: FBT001 - a parameter
    world = await make_world_with_robot()
    stored = await world.robots.load(ROBOT)
    await world.robots.replace(replace(stored, robot=stored.robot.model_copy(update={"delivery": delivery})))
    expected = CallingRobot(ROBOT, is_called=is_called)
    assert await authenticate_robot(make_call(world), world.services) == expected


async def test_a_signature_with_another_version_of_the_secret_is_refused() -> None:
    world = await make_world_with_robot()
    with pytest.raises(NotAuthenticated, match="The signature is wrong"):
        await authenticate_robot(make_call(world, version=2), world.services)


async def test_an_old_call_with_a_valid_signature_is_refused() -> None:
    world = await make_world_with_robot()
    with pytest.raises(NotAuthenticated, match="within five minutes"):
        await authenticate_robot(make_call(world, age_s=301.0), world.services)


async def test_a_robot_that_is_not_registered_is_refused() -> None:
    world = await make_world_with_robot()
    with pytest.raises(NotAuthenticated, match="is not registered"):
        await authenticate_robot(make_call(world, uuid4()), world.services)
