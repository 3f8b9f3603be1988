"""Robots: operators look after them, requestors see which there are."""

from http import HTTPStatus

from functions.contract.robots import ProvisionedRobot, Robot, RobotIn, RobotList
from functions.steps import robots
from functions.triggers.current import services
from functions.triggers.http.call import Call
from functions.triggers.http.endpoints import Door, endpoint

_ROBOT = "robots/{robot_id}"


@endpoint(
    "POST",
    "robots",
    Door.OPERATORS,
    ProvisionedRobot,
    HTTPStatus.CONFLICT,
    takes=RobotIn,
    status=HTTPStatus.CREATED,
)
async def register_robot(call: Call) -> ProvisionedRobot:
    """Register a robot. Its secret is shown this once."""
    return await robots.register_robot(call.read(RobotIn), services())


@endpoint("GET", "robots", Door.REQUESTORS, RobotList)
async def list_robots(_call: Call) -> RobotList:
    """List all robots, by their names."""
    return await robots.list_robots(services())


@endpoint("GET", _ROBOT, Door.REQUESTORS, Robot, HTTPStatus.NOT_FOUND)
async def read_robot(call: Call) -> Robot:
    """Read a robot."""
    return await robots.read_robot(call.path_id("robot_id"), services())


@endpoint("PUT", _ROBOT, Door.OPERATORS, Robot, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, takes=RobotIn)
async def update_robot(call: Call) -> Robot:
    """Change a robot: all that is registered of it. Its id and its secret stay."""
    return await robots.update_robot(call.path_id("robot_id"), call.read(RobotIn), services())


@endpoint("POST", _ROBOT + "/secret", Door.OPERATORS, ProvisionedRobot, HTTPStatus.NOT_FOUND, status=HTTPStatus.CREATED)
async def cycle_robot_secret(call: Call) -> ProvisionedRobot:
    """Give a robot another secret, shown this once. The old one ends at once."""
    return await robots.cycle_secret(call.path_id("robot_id"), services())
