"""Authentication of a robot by its signature."""

import logging

from exchange.contract.robots import Delivery
from exchange.domain.callers import CallingRobot
from exchange.domain.errors import NotAuthenticated, NotFound
from exchange.domain.signatures import SignedCall, check_signature, check_timestamp
from exchange.ports import Services

log = logging.getLogger(__name__)


async def authenticate_robot(call: SignedCall, services: Services) -> CallingRobot:
    """Return the robot that signed the request. Raises NotAuthenticated."""
    check_timestamp(call.timestamp, services.clock())
    try:
        stored = await services.robots.load(call.robot_id)
    except NotFound as error:
        raise NotAuthenticated("The robot in X-Client-Id is not registered.") from error
    current, *previous = services.secrets.list_valid(
        call.robot_id, stored.secret_version, stored.previous_secret_until, services.clock()
    )
    try:
        check_signature(call, current)
    except NotAuthenticated:
        if not previous:
            raise
        check_signature(call, previous[0])
        log.warning("robot %s signed with its previous secret, which will end", call.robot_id)
    return CallingRobot(call.robot_id, is_called=stored.robot.delivery is Delivery.PUSH)
