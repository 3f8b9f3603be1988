"""The reference repository's present protocol: robots that fetch their jobs. Operators manage them."""

from http import HTTPStatus

from exchange.contract.v1.robots import ProvisionedPullRobot, PullRobot, PullRobotIn
from exchange.use_cases import manage_robots
from functions.http.endpoints import Access, endpoint
from functions.http.requests import ApiRequest

_ROBOTS = "v1/robots"
_ROBOT = _ROBOTS + "/{robot_id}"


@endpoint(
    "POST",
    _ROBOTS,
    Access.OPERATORS,
    ProvisionedPullRobot,
    HTTPStatus.CONFLICT,
    request_model=PullRobotIn,
    status=HTTPStatus.CREATED,
)
async def register_pull_robot(request: ApiRequest) -> ProvisionedPullRobot:
    """Register a robot that fetches its jobs. The response is the only one that shows its secret."""
    registration = request.parse_body(PullRobotIn)
    return ProvisionedPullRobot.of_provisioned(await manage_robots.register_pull_robot(registration, request.services))


@endpoint("GET", _ROBOT, Access.REQUESTORS, PullRobot, HTTPStatus.NOT_FOUND)
async def read_pull_robot(request: ApiRequest) -> PullRobot:
    """Read a robot. The answer has only the fields that `destiny-sdk` knows."""
    return PullRobot.of(await manage_robots.read_robot(request.parse_path_id("robot_id"), request.services))


@endpoint(
    "PUT", _ROBOT, Access.OPERATORS, PullRobot, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, request_model=PullRobotIn
)
async def update_pull_robot(request: ApiRequest) -> PullRobot:
    """Replace the registration of a robot, which fetches its jobs from now on. Its id and its secret stay."""
    robot_id = request.parse_path_id("robot_id")
    registration = request.parse_body(PullRobotIn)
    return PullRobot.of(await manage_robots.update_pull_robot(robot_id, registration, request.services))


@endpoint(
    "POST",
    _ROBOT + "/secret",
    Access.OPERATORS,
    ProvisionedPullRobot,
    HTTPStatus.NOT_FOUND,
    status=HTTPStatus.CREATED,
)
async def cycle_pull_robot_secret(request: ApiRequest) -> ProvisionedPullRobot:
    """Replace the secret of a robot. Only this response shows the new one. The old one works for another day."""
    robot_id = request.parse_path_id("robot_id")
    return ProvisionedPullRobot.of_provisioned(await manage_robots.cycle_secret(robot_id, request.services))
