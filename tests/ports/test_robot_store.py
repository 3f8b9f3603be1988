"""The behaviour of every `RobotStore`."""

from dataclasses import replace
from uuid import uuid4

import pytest

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.robots import Robot
from exchange.domain.errors import NameTaken, NotFound
from exchange.ports import RobotStore


def a_robot(**fields: object) -> Robot:
    return Robot.model_validate(
        {
            "id": uuid4(),
            "name": f"robot {uuid4()}",
            "base_url": "https://Robot.example/Path",
            "description": "d",
            "owner": "o",
            "dependent_enhancements": [EnhancementType.ABSTRACT],
            "dependent_identifiers": [IdentifierType.DOI],
            **fields,
        }
    )


async def test_a_robot_is_read_back_unchanged(robots: RobotStore) -> None:
    robot = a_robot()
    version = await robots.create(robot)
    stored = await robots.load(robot.id)
    assert (stored.robot, stored.secret_version) == (robot, version)


async def test_the_settings_of_a_robot_are_read_back_unchanged(robots: RobotStore) -> None:
    robot = a_robot()
    await robots.create(robot)
    for settings in ({"enabled": False, "max_references": 7, "version": "2 文"}, {"enabled": True, "version": None}):
        changed = (await robots.load(robot.id)).robot.model_copy(update=settings)
        await robots.replace(replace(await robots.load(robot.id), robot=changed))
        assert (await robots.load(robot.id)).robot == changed
        assert changed in await robots.list_all()


async def test_an_unknown_robot_is_not_found(robots: RobotStore) -> None:
    missing = uuid4()
    with pytest.raises(NotFound, match=str(missing)):
        await robots.load(missing)


async def test_creating_a_robot_twice_changes_nothing(robots: RobotStore) -> None:
    robot = a_robot()
    version = await robots.create(robot)
    assert await robots.create(robot) == version
    with pytest.raises(NameTaken):
        await robots.create(robot.model_copy(update={"owner": "another"}))
    assert (await robots.load(robot.id)).robot == robot


async def test_names_of_robots_are_unique(robots: RobotStore) -> None:
    robot = a_robot()
    await robots.create(robot)
    with pytest.raises(NameTaken, match=robot.name):
        await robots.create(a_robot(name=robot.name))
