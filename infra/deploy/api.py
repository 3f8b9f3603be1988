"""The deployed exchange, called as an operator calls it."""

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from infra.deploy.problem import DeployError

_TIMEOUT_S = 60.0
_HEAD = 1 << 20

Json = dict[str, Any]


class Api:
    """Calls the exchange with an access token, if there is one. What isn't answered as expected is a DeployError."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        """Read something."""
        return self._call("GET", path, HTTPStatus.OK)

    def put(self, path: str, body: Json) -> Any:
        """Change something."""
        return self._call("PUT", path, HTTPStatus.OK, json.dumps(body).encode())

    def post(self, path: str, body: Json, expected: HTTPStatus = HTTPStatus.CREATED) -> Any:
        """Add something."""
        return self._call("POST", path, expected, json.dumps(body).encode())

    def post_line(self, path: str, line: bytes) -> Any:
        """Send a file of one line; return the answer's one line."""
        return self._call("POST", path, HTTPStatus.OK, line, "application/jsonl")

    def _call(
        self, method: str, path: str, expected: HTTPStatus, body: bytes | None = None, kind: str = "application/json"
    ) -> Any:
        headers = {"Content-Type": kind, **self._authorization}
        status, content = _fetch(urllib.request.Request(self._url + path, body, headers, method=method))  # noqa: S310 - the deployment's own address
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if status != expected or answer is None:
            detail = f": {answer.get('detail')}" if isinstance(answer, dict) else ", and not with JSON"
            raise DeployError(f"{method} {path} was answered with {status}{detail}")
        return answer


def fetch_signed(url: str) -> bytes:
    """Fetch what a signed URL opens, as a robot does: without a token. The URL is in no message."""
    status, content = _fetch(urllib.request.Request(url))  # noqa: S310 - the exchange's own answer
    if status != HTTPStatus.OK:
        raise DeployError(f"The signed URL of the batch's references was answered with {status}.")
    return content


def _fetch(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
            return response.status, response.read(_HEAD)
    except urllib.error.HTTPError as error:
        return error.code, error.read(_HEAD)
    except (OSError, HTTPException) as error:
        # What is no answer at all, or breaks off, as while an app starts.
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DeployError(f"{request.host} can't be reached: {reason or type(reason).__name__}") from None
