"""Authentication and authorization of every request, before its parameters and its body are parsed."""

import azure.functions as func
from pydantic import ValidationError

from exchange.domain.callers import Caller, CallingRobot, Role, User
from exchange.domain.errors import Forbidden, NotAuthenticated
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP, SignedCall
from exchange.ports import Services
from exchange.use_cases.authenticate_robot import authenticate_robot
from functions.http.endpoints import Access
from functions.http.requests import parse_uuid4, read_body

BEARER = "Bearer"

# The roles of which a user needs one, and the endpoints that robots may call.
_ROLES = {
    Access.REQUESTORS: frozenset({Role.REQUESTOR, Role.OPERATOR}),
    Access.CONTRIBUTORS: frozenset({Role.CONTRIBUTOR, Role.OPERATOR}),
    Access.OPERATORS: frozenset({Role.OPERATOR}),
    Access.REQUESTORS_AND_ROBOTS: frozenset({Role.REQUESTOR, Role.OPERATOR}),
}
_FOR_ROBOTS = {Access.ROBOTS, Access.REQUESTORS_AND_ROBOTS}
_FORMS = {BEARER: '"Bearer <access token>"', SCHEME: '"Signature <hex>"'}


def list_schemes(access: Access) -> list[str]:
    """Return the authentication schemes that an endpoint accepts."""
    return [*([BEARER] if access in _ROLES else []), *([SCHEME] if access in _FOR_ROBOTS else [])]


async def authorize(access: Access, request: func.HttpRequest, services: Services) -> Caller | None:
    """Return the caller. Raises NotAuthenticated, Forbidden, or Unavailable if the caller cannot be checked."""
    if access is Access.ANYONE:
        return None
    schemes = list_schemes(access)
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme not in schemes or not credentials.strip() or not credentials.isascii():
        forms = " or ".join(_FORMS[allowed] for allowed in schemes)
        raise NotAuthenticated(f"The Authorization header must be {forms}.")
    if scheme == BEARER:
        return await _authorize_user(access, credentials, services)
    return await _authenticate_robot(credentials, request, services)


async def _authorize_user(access: Access, token: str, services: Services) -> User:
    user = await services.tokens.authenticate(token)
    if not user.roles & _ROLES[access]:
        required = " or ".join(f"'{role}'" for role in Role if role in _ROLES[access])
        raise Forbidden(f"Your access token must have the role {required}.")
    return user


async def _authenticate_robot(signature: str, request: func.HttpRequest, services: Services) -> CallingRobot:
    try:
        robot_id = parse_uuid4(request.headers.get(CLIENT_ID.lower()))
    except ValidationError as error:
        raise NotAuthenticated(f"The header {CLIENT_ID} must be the id of a robot, a version 4 UUID.") from error
    body = read_body(request, services)
    if body and request.method == "GET":
        # The exchange's own call to the robot would be a valid GET, because method and path are not signed.
        raise NotAuthenticated("A signed GET must have no body.")
    timestamp = request.headers.get(TIMESTAMP.lower(), "")
    return await authenticate_robot(SignedCall(robot_id, signature, timestamp, body), services)
