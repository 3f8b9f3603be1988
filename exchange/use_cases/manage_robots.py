"""Registering, reading and changing robots, and cycling their secrets."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.robots import Delivery, ProvisionedRobot, Robot, RobotIn, RobotList, RobotSettings
from exchange.contract.v1.robots import NO_BASE_URL, PullRobotIn
from exchange.domain.errors import Conflict, InputRejected
from exchange.ports import Services, StoredRobot
from exchange.use_cases.write_conflicts import repeat_after_conflicts


async def register_robot(registration: RobotIn, services: Services) -> ProvisionedRobot:
    """Register a robot under a new id and return it with its secret. Raises NameTaken, InputRejected.

    One that has no address cannot be called. It gets jobs once its delivery is `pull`.
    """
    if registration.base_url != NO_BASE_URL:
        await _check_address(registration, services)
    robot = _with_id(services.new_id(), registration)
    version = await services.robots.create(robot)
    return _with_secret(robot, version, services)


async def register_pull_robot(registration: PullRobotIn, services: Services) -> ProvisionedRobot:
    """Register a robot that fetches its jobs. Its address is not checked, because it is never called. Raises NameTaken.

    It gets references with everything, as in the reference repository, because its registration cannot name what it
    depends on. `update_robot` can.
    """
    robot = Robot(
        id=services.new_id(),
        dependent_enhancements=list(EnhancementType),
        dependent_identifiers=list(IdentifierType),
        **registration.to_stored(),
    )
    version = await services.robots.create(robot)
    return _with_secret(robot, version, services)


async def read_robot(robot_id: UUID, services: Services) -> Robot:
    """Return a robot. Raises NotFound."""
    return (await services.robots.load(robot_id)).robot


async def list_robots(services: Services) -> RobotList:
    """Return all robots, sorted by name."""
    return RobotList(list(await services.robots.list_all()))


async def update_robot(robot_id: UUID, registration: RobotIn, services: Services) -> Robot:
    """Replace the registration. Id, secret and settings stay. Raises NotFound, NameTaken, InputRejected."""
    if (await services.robots.load(robot_id)).robot.delivery is Delivery.PUSH:
        await _check_address(registration, services)
    return await _change(robot_id, dict(registration), services)


async def update_pull_robot(robot_id: UUID, registration: PullRobotIn, services: Services) -> Robot:
    """Replace name, address, description and owner. From now on the robot fetches its jobs. Raises NotFound, NameTaken.

    What it depends on stays, too. Open batches of a robot that was called until now end as unreachable, unless the
    registration has its address.
    """
    return await _change(robot_id, registration.to_stored(), services)


async def configure_robot(robot_id: UUID, settings: RobotSettings, services: Services) -> Robot:
    """Change the settings that are set. Idempotent. Raises NotFound, and Conflict if it cannot be called."""
    if "delivery" in settings.model_fields_set and settings.delivery is Delivery.PUSH:
        await _check_can_be_called(robot_id, services)
    return await _change(robot_id, settings.model_dump(exclude_unset=True), services)


async def cycle_secret(robot_id: UUID, services: Services, *, revoke: bool = False) -> ProvisionedRobot:
    """Replace the secret of the robot. Each call makes another secret. Raises NotFound.

    The previous secret stays valid for `robot_secret_overlap_s`, so that the robot can be changed without failed calls.
    With `revoke` it ends at once.
    """
    until = None if revoke else services.clock() + services.deadlines.robot_secret_overlap_s
    stored = await _replace(
        robot_id,
        lambda stored: replace(stored, secret_version=stored.secret_version + 1, previous_secret_until=until),
        services,
    )
    return _with_secret(stored.robot, stored.secret_version, services)


async def _change(robot_id: UUID, changes: dict[str, Any], services: Services) -> Robot:
    def change(stored: StoredRobot) -> StoredRobot:
        return replace(stored, robot=stored.robot.model_copy(update=changes))

    return (await _replace(robot_id, change, services)).robot


async def _replace(robot_id: UUID, change: Callable[[StoredRobot], StoredRobot], services: Services) -> StoredRobot:
    """Write the robot if something changes. After a write conflict, read it and change it again."""

    async def read_and_write() -> StoredRobot:
        stored = await services.robots.load(robot_id)
        changed = change(stored)
        if changed != stored:
            await services.robots.replace(changed)
        return changed

    return await repeat_after_conflicts(read_and_write, "robot")


async def _check_can_be_called(robot_id: UUID, services: Services) -> None:
    """Check the address of a robot that was not called until now."""
    robot = (await services.robots.load(robot_id)).robot
    if robot.delivery is Delivery.PUSH:
        return
    if robot.base_url == NO_BASE_URL:
        raise Conflict("The robot has no base_url. Set one first, with PUT /robots/{robot_id}/.")
    try:
        await _check_address(robot, services)
    except InputRejected as error:
        # The request is valid. It contradicts the registration.
        raise Conflict(*error.faults) from error


async def _check_address(registration: RobotIn, services: Services) -> None:
    if faults := await services.robot_calls.find_address_faults(registration.base_url):
        raise InputRejected(*faults)


def _with_id(robot_id: UUID, registration: RobotIn) -> Robot:
    return Robot(id=robot_id, **registration.model_dump())


def _with_secret(robot: Robot, version: int, services: Services) -> ProvisionedRobot:
    return ProvisionedRobot(**robot.model_dump(), client_secret=services.secrets.derive(robot.id, version))
