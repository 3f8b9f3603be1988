"""Fixtures for all tests."""

import socket

import pytest

# These tests need the Bicep compiler and checkov. `make infra-check` runs them.
collect_ignore = ["bicep"]


@pytest.fixture
def unused_tcp_port() -> int:
    """Return a TCP port of the loopback interface on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
