"""The app in Microsoft's worker library on its own emulators, and a local stack to compare it with."""

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.e2e.exchange import Exchange, exchange_on
from tests.runtime.app import RuntimeApp, app_process
from tests.runtime.host import http_front
from tests.stacks import Stack, running_stack

# Required by azure-functions-runtime itself. pyproject.toml repeats it.
MIN_PYTHON = (3, 13)
collect_ignore_glob = [] if sys.version_info >= MIN_PYTHON else ["test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report that these tests were not run, and why."""
    if sys.version_info < MIN_PYTHON:
        terminalreporter.write_line("not run: tests/runtime, because azure-functions-runtime requires Python 3.13")


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("emulators"), "--emulators-only") as stack:
        yield stack


@pytest.fixture(scope="session")
async def app(emulators: Stack) -> AsyncIterator[RuntimeApp]:
    """The started app in Microsoft's worker library."""
    async with app_process(emulators.folder / "logs" / "app.log", emulators.settings) as app:
        await app.start()
        yield app


@pytest.fixture(scope="session")
async def exchange(emulators: Stack, app: RuntimeApp) -> AsyncIterator[Exchange]:
    """A client of that app."""
    async with http_front(app) as address:
        stack = replace(emulators, addresses={**emulators.addresses, "api": address})
        async with exchange_on(stack) as client:
            yield client


@pytest.fixture(scope="session")
async def local(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """A client of the same app on the local Functions host."""
    with running_stack(tmp_path_factory.mktemp("local")) as stack:
        async with exchange_on(stack) as client:
            yield client
