"""Robots are registered."""

from functions.contract.robots import Robot, RobotIn
from functions.domain.ids import new_id
from functions.ports import Services


async def register_robot(registration: RobotIn, services: Services) -> Robot:
    """Register a robot under a new id; raises NameTaken if its name is in use."""
    robot = Robot(id=new_id(), **registration.model_dump())
    await services.robots.create(robot)
    return robot
