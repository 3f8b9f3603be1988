"""The API client of the smoke test reports every invalid response as a DeployError."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from infra.deploy.api import Api
from infra.deploy.errors import DeployError

INVALID_RESPONSES = (
    b"",
    b"what?\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{",
)


@pytest.fixture(params=INVALID_RESPONSES)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Serve one request with these bytes, then close the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(request.param)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_an_invalid_response_is_reported(url: str) -> None:
    with pytest.raises(DeployError, match=r"cannot be reached|the body is not JSON"):
        Api(url).get("/health")
