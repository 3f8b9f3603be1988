"""What tests of every kind use."""

import socket

import pytest

# It needs the Bicep compiler and checkov: `make infra-check` runs it.
collect_ignore = ["bicep"]


@pytest.fixture
def unused_tcp_port() -> int:
    """Give a port of the loopback interface at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
