"""Fixtures for all tests, the choice of the tier, and the distribution to parallel workers."""

import os
import socket

import pytest
from xdist.remote import Producer

from tests import tiers
from tests.scheduling import MAX_WORKERS, GroupScheduling, rank

# These tests need the Bicep compiler and checkov. `make infra-check` runs them.
collect_ignore = ["bicep"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run every test at full strength: see tests/tiers.py")


def pytest_configure(config: pytest.Config) -> None:
    tiers.exhaustive = config.getoption("exhaustive")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that only `make test-all` runs, and put the slowest groups first."""
    if not tiers.exhaustive:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("exhaustive")])
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]
    items.sort(key=lambda item: rank(item.nodeid))


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores, because tests often wait for their stacks."""
    return min(MAX_WORKERS, (os.cpu_count() or 1) + 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling | None:
    """Replace the scheduler of `--dist=loadfile`."""
    return GroupScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report that there is more to run."""
    if not tiers.exhaustive:
        terminalreporter.write_line("This was the fast tier of the tests. `make test-all` runs everything.")


@pytest.fixture
def unused_tcp_port() -> int:
    """Return a TCP port of the loopback interface on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
