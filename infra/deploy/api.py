"""A client of the deployed exchange's API."""

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from infra.deploy.errors import DeployError

_TIMEOUT_S = 60.0
_READ_LIMIT_BYTES = 1 << 20

Json = dict[str, Any]


class Api:
    """Calls the exchange, with an access token if there is one. Raises DeployError for any unexpected response."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url = url.rstrip("/")
        self._authorization = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        """Send a GET request and return the JSON of the response."""
        return self._call("GET", path, HTTPStatus.OK)

    def put(self, path: str, body: Json) -> Any:
        """Send a PUT request and return the JSON of the response."""
        return self._call("PUT", path, HTTPStatus.OK, json.dumps(body).encode())

    def post(self, path: str, body: Json, expected: HTTPStatus = HTTPStatus.CREATED) -> Any:
        """Send a POST request and return the JSON of the response."""
        return self._call("POST", path, expected, json.dumps(body).encode())

    def post_line(self, path: str, line: bytes) -> Any:
        """Send a JSONL file of one line and return the one line of the response."""
        return self._call("POST", path, HTTPStatus.OK, line, "application/jsonl")

    def _call(
        self,
        method: str,
        path: str,
        expected: HTTPStatus,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Any:
        headers = {"Content-Type": content_type, **self._authorization}
        status, content = _fetch(urllib.request.Request(self._url + path, body, headers, method=method))  # noqa: S310 - the deployment's own address
        try:
            response = json.loads(content)
        except ValueError:
            response = None
        if status != expected or response is None:
            detail = f": {response.get('detail')}" if isinstance(response, dict) else ", and the body is not JSON"
            raise DeployError(f"{method} {path} returned {status}{detail}")
        return response


def fetch_signed(url: str) -> bytes:
    """Fetch a signed URL as a robot does, without a token. No error message contains the URL."""
    status, content = _fetch(urllib.request.Request(url))  # noqa: S310 - a URL from the exchange's response
    if status != HTTPStatus.OK:
        raise DeployError(f"The signed URL of the batch's references returned {status}.")
    return content


def _fetch(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:  # noqa: S310 - as above
            return response.status, response.read(_READ_LIMIT_BYTES)
    except urllib.error.HTTPError as error:
        return error.code, error.read(_READ_LIMIT_BYTES)
    except (OSError, HTTPException) as error:
        # While an app starts, responses may be invalid or incomplete.
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DeployError(f"{request.host} cannot be reached: {reason or type(reason).__name__}") from None
