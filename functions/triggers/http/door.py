"""The one door: every request passes it before anything else is done with it."""

from uuid import UUID

import azure.functions as func
from pydantic import UUID4, TypeAdapter, ValidationError

from functions.domain.callers import Caller, CallingRobot, Member, Role
from functions.domain.errors import Forbidden, NotAuthenticated
from functions.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP, SignedCall
from functions.steps.authenticate import authenticate_robot
from functions.triggers.current import services
from functions.triggers.http.call import body_of
from functions.triggers.http.endpoints import Door

BEARER = "Bearer"

# The roles that let a member in at each door, and the doors for robots.
_ROLES = {
    Door.REQUESTORS: frozenset({Role.REQUESTOR, Role.OPERATOR}),
    Door.OPERATORS: frozenset({Role.OPERATOR}),
    Door.REQUESTORS_AND_ROBOTS: frozenset({Role.REQUESTOR, Role.OPERATOR}),
}
_FOR_ROBOTS = {Door.ROBOTS, Door.REQUESTORS_AND_ROBOTS}
_UUID4: TypeAdapter[UUID] = TypeAdapter(UUID4)


def schemes(door: Door) -> list[str]:
    """Return how one may show who one is at a door."""
    return [*([BEARER] if door in _ROLES else []), *([SCHEME] if door in _FOR_ROBOTS else [])]


async def let_in(door: Door, request: func.HttpRequest) -> Caller | None:
    """Say who calls; raises NotAuthenticated, Forbidden, or Unavailable if it can't be known."""
    if door is Door.ANYBODY:
        return None
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    if scheme not in schemes(door) or not shown:
        raise NotAuthenticated(f"Authorization: this needs {' or '.join(schemes(door))}, and what belongs to it.")
    return await (_member(door, shown) if scheme == BEARER else _robot(shown, request))


async def _member(door: Door, token: str) -> Member:
    member = await services().tokens.member(token)
    if not member.roles & _ROLES[door]:
        raise Forbidden(f"This is for {door.value}; your access token has no such role.")
    return member


async def _robot(signature: str, request: func.HttpRequest) -> CallingRobot:
    try:
        robot_id = _UUID4.validate_python(request.headers.get(CLIENT_ID.lower()))
    except ValidationError as error:
        raise NotAuthenticated(f"{CLIENT_ID}: this is no id of a robot.") from error
    timestamp = request.headers.get(TIMESTAMP.lower(), "")
    return await authenticate_robot(SignedCall(robot_id, signature, timestamp, body_of(request)), services())
