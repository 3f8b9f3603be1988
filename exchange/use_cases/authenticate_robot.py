"""Authentication of a robot by its signature."""

from exchange.domain.callers import CallingRobot
from exchange.domain.errors import NotAuthenticated, NotFound
from exchange.domain.signatures import SignedCall, check_signature, check_timestamp
from exchange.ports import Services


async def authenticate_robot(call: SignedCall, services: Services) -> CallingRobot:
    """Return the robot that signed the request. Raises NotAuthenticated."""
    check_timestamp(call.timestamp, services.clock())
    try:
        stored = await services.robots.load(call.robot_id)
    except NotFound as error:
        raise NotAuthenticated("The robot in X-Client-Id is not registered.") from error
    check_signature(
        call,
        *services.secrets.list_valid(
            call.robot_id, stored.secret_version, stored.previous_secret_until, services.clock()
        ),
    )
    return CallingRobot(call.robot_id)
