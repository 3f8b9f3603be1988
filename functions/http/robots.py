"""Robots: operators manage them, requestors read them."""

from http import HTTPStatus

from exchange.contract.activity import RobotActivity
from exchange.contract.robots import ProvisionedRobot, Robot, RobotIn, RobotList, RobotSettings, SecretQuery
from exchange.use_cases import manage_robots
from exchange.use_cases.read_robot_activity import read_robot_activity as read_activity
from functions.http.endpoints import Access, endpoint
from functions.http.requests import ApiRequest

_ROBOT = "robots/{robot_id}"


@endpoint(
    "POST",
    "robots",
    Access.OPERATORS,
    ProvisionedRobot,
    HTTPStatus.CONFLICT,
    request_model=RobotIn,
    status=HTTPStatus.CREATED,
)
async def register_robot(request: ApiRequest) -> ProvisionedRobot:
    """Register a robot. The response is the only one that shows its secret."""
    return await manage_robots.register_robot(request.parse_body(RobotIn), request.services)


@endpoint("GET", "robots", Access.REQUESTORS, RobotList)
async def list_robots(request: ApiRequest) -> RobotList:
    """List all robots, sorted by name."""
    return await manage_robots.list_robots(request.services)


@endpoint("GET", _ROBOT, Access.REQUESTORS, Robot, HTTPStatus.NOT_FOUND)
async def read_robot(request: ApiRequest) -> Robot:
    """Read a robot."""
    return await manage_robots.read_robot(request.parse_path_id("robot_id"), request.services)


@endpoint("GET", _ROBOT + "/activity", Access.REQUESTORS, RobotActivity, HTTPStatus.NOT_FOUND)
async def read_robot_activity(request: ApiRequest) -> RobotActivity:
    """Read what a robot did in the last 30 days, from the newest of its batch requests."""
    return await read_activity(request.parse_path_id("robot_id"), request.services)


@endpoint("PUT", _ROBOT, Access.OPERATORS, Robot, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, request_model=RobotIn)
async def update_robot(request: ApiRequest) -> Robot:
    """Replace the registration of a robot. Its id, its secret and its settings stay."""
    robot_id = request.parse_path_id("robot_id")
    return await manage_robots.update_robot(robot_id, request.parse_body(RobotIn), request.services)


@endpoint(
    "PATCH", _ROBOT, Access.OPERATORS, Robot, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, request_model=RobotSettings
)
async def configure_robot(request: ApiRequest) -> Robot:
    """Change settings of a robot. Those that are left out stay. The answer leaves out settings with their default."""
    robot_id = request.parse_path_id("robot_id")
    return await manage_robots.configure_robot(robot_id, request.parse_body(RobotSettings), request.services)


@endpoint(
    "POST",
    _ROBOT + "/secret",
    Access.OPERATORS,
    ProvisionedRobot,
    HTTPStatus.NOT_FOUND,
    status=HTTPStatus.CREATED,
    query_model=SecretQuery,
)
async def cycle_robot_secret(request: ApiRequest) -> ProvisionedRobot:
    """Replace the secret of a robot. Only this response shows the new one. The old one works for another day."""
    revoke = request.parse_query(SecretQuery).revoke
    return await manage_robots.cycle_secret(request.parse_path_id("robot_id"), request.services, revoke=revoke)
