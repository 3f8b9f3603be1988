"""The releases, and a stack for the tests that need one."""

import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.exchange import Exchange, exchange_on
from tests.sdk.install import MIN_PYTHON
from tests.sdk.releases import RELEASES, Release, ReleaseError, load
from tests.stacks import Stack, running_stack

collect_ignore_glob = [] if sys.version_info >= MIN_PYTHON else ["test_*.py", "v1/test_*.py"]


@pytest.fixture(scope="session", params=RELEASES)
def sdk(request: pytest.FixtureRequest) -> Release:
    """Return a release. Fails if it is not installed, because nothing would be tested."""
    try:
        return load(request.param)
    except ReleaseError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("sdk")) as stack:
        yield stack


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack) as client:
        yield client
