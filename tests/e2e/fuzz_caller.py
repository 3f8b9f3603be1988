"""Authentication for schemathesis, which generates requests but cannot sign them."""

import json
from http import HTTPStatus
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import AuthContext
from schemathesis.core.parameters import ParameterLocation

from samples.robot_from_scratch.signing import SCHEME, Credentials

Case = schemathesis.Case[Any]


class _Signature(AuthBase):
    """Signs the exact bytes of the body as the robot."""

    def __init__(self, robot: Credentials) -> None:
        self._robot = robot

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        assert isinstance(body, bytes), "the signed bytes must be the sent bytes"
        request.headers.update(self._robot.headers(body))
        return request


class _Token(AuthBase):
    """Adds an access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Caller:
    """Calls as the robot if the operation accepts signatures, else as the operator.

    Cases that test invalid headers are sent without authentication.
    """

    def __init__(self, robot: Credentials, token: str) -> None:
        self._robot = robot
        self._operator = _Token(token)

    def get(self, case: Case, context: AuthContext) -> AuthBase | None:
        if case.meta is not None and case.meta.is_negative_at(ParameterLocation.HEADER):
            return None
        requirements = context.operation.definition.raw.get("security", [])
        accepts_signatures = any(SCHEME in requirement for requirement in requirements)
        return _Signature(self._robot) if accepts_signatures else self._operator

    def set(self, case: Case, data: AuthBase, _context: AuthContext) -> None:
        case._auth = data

    def adopt_new_secret(self, response: schemathesis.Response) -> None:
        """Sign with the new secret if the response of a case contains it."""
        if response.status_code == HTTPStatus.CREATED:
            body = json.loads(response.content)
            if body["id"] == str(self._robot.robot_id):
                self._robot = Credentials(self._robot.robot_id, body["client_secret"])
