"""As whom schemathesis calls: it makes up requests, and this shows whom they are from."""

import json
from http import HTTPStatus
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import AuthContext
from schemathesis.core.parameters import ParameterLocation

from samples.robot.signing import SCHEME, Credentials

Case = schemathesis.Case[Any]


class _Signature(AuthBase):
    """Signs as the robot, over the body to the byte."""

    def __init__(self, robot: Credentials) -> None:
        self._robot = robot

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        assert isinstance(body, bytes), "what is signed is what is sent"
        request.headers.update(self._robot.headers(body))
        return request


class _Token(AuthBase):
    """Shows an access token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Caller:
    """Calls as the robot where robots are let in and as the operator elsewhere, unless a case is about its headers."""

    def __init__(self, robot: Credentials, token: str) -> None:
        self._robot = robot
        self._operator = _Token(token)

    def get(self, case: Case, context: AuthContext) -> AuthBase | None:
        if case.meta is not None and case.meta.is_negative_at(ParameterLocation.HEADER):
            return None
        ways = context.operation.definition.raw.get("security", [])
        return _Signature(self._robot) if any(SCHEME in way for way in ways) else self._operator

    def set(self, case: Case, data: AuthBase, _context: AuthContext) -> None:
        case._auth = data

    def learn(self, response: schemathesis.Response) -> None:
        """Sign with another secret from now on, if a case has cycled it."""
        if response.status_code == HTTPStatus.CREATED:
            given = json.loads(response.content)
            if given["id"] == str(self._robot.robot_id):
                self._robot = Credentials(self._robot.robot_id, given["client_secret"])
