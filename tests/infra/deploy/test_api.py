"""The deployed exchange as the smoke test calls it: whatever answers, a person gets a sentence."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from infra.deploy.api import Api
from infra.deploy.problem import DeployError

BROKEN = (
    b"",
    b"what?\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{",
)


@pytest.fixture(params=BROKEN)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Answer one call with these bytes, and hang up."""
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


def test_an_answer_that_is_none_is_said_to_be_none(url: str) -> None:
    with pytest.raises(DeployError, match=r"can't be reached|not with JSON"):
        Api(url).get("/health")
