"""Robots are registered, looked at and changed, and their secrets cycled."""

from collections.abc import Callable
from uuid import UUID

from functions.contract.robots import ProvisionedRobot, Robot, RobotIn, RobotList
from functions.domain.errors import InputRejected, Stale, Unavailable
from functions.ports import Services, StoredRobot

# Each clash means that somebody else changed the robot; so many in a row mean that something is amiss.
_CLASHES = 10


async def register_robot(registration: RobotIn, services: Services) -> ProvisionedRobot:
    """Register a robot under a new id, and show its secret; raises NameTaken, InputRejected for its address."""
    await _check_address(registration, services)
    robot = _with_id(services.new_id(), registration)
    version = await services.robots.create(robot)
    return _provisioned(robot, version, services)


async def read_robot(robot_id: UUID, services: Services) -> Robot:
    """Return a robot; raises NotFound."""
    return (await services.robots.load(robot_id)).robot


async def list_robots(services: Services) -> RobotList:
    """Return all robots, by their names."""
    return RobotList(list(await services.robots.all()))


async def update_robot(robot_id: UUID, registration: RobotIn, services: Services) -> Robot:
    """Change all that was registered but the id and the secret; raises NotFound, NameTaken, InputRejected."""
    await _check_address(registration, services)
    robot = _with_id(robot_id, registration)
    await _replace(robot_id, lambda stored: StoredRobot(robot, stored.secret_version, stored.etag), services)
    return robot


async def cycle_secret(robot_id: UUID, services: Services) -> ProvisionedRobot:
    """Give the robot another secret; the old one ends at once. Raises NotFound."""
    stored = await _replace(
        robot_id, lambda stored: StoredRobot(stored.robot, stored.secret_version + 1, stored.etag), services
    )
    return _provisioned(stored.robot, stored.secret_version, services)


async def _replace(robot_id: UUID, change: Callable[[StoredRobot], StoredRobot], services: Services) -> StoredRobot:
    """Write a robot that nobody else has changed meanwhile."""
    for _ in range(_CLASHES):
        changed = change(await services.robots.load(robot_id))
        try:
            await services.robots.replace(changed.robot, changed.secret_version, changed.etag)
        except Stale:
            continue
        return changed
    raise Unavailable("The robot is being changed by others all the time.")


async def _check_address(registration: RobotIn, services: Services) -> None:
    if faults := await services.robot_calls.faults(registration.base_url):
        raise InputRejected(*faults)


def _with_id(robot_id: UUID, registration: RobotIn) -> Robot:
    return Robot(id=robot_id, **registration.model_dump())


def _provisioned(robot: Robot, version: int, services: Services) -> ProvisionedRobot:
    return ProvisionedRobot(**robot.model_dump(), client_secret=services.secrets.of(robot.id, version))
