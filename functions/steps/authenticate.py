"""A robot shows who it is."""

from functions.domain.callers import CallingRobot
from functions.domain.errors import NotAuthenticated, NotFound
from functions.domain.signatures import SignedCall, check_signature, check_timestamp
from functions.ports import Services


async def authenticate_robot(call: SignedCall, services: Services) -> CallingRobot:
    """Say which robot signed the call; raises NotAuthenticated."""
    check_timestamp(call.timestamp, services.clock())
    try:
        stored = await services.robots.load(call.robot_id)
    except NotFound as error:
        raise NotAuthenticated("There is no such robot.") from error
    check_signature(call, services.secrets.of(call.robot_id, stored.secret_version))
    return CallingRobot(call.robot_id)
