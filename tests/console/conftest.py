"""One Chromium, one stack and one Node for all tests of the console, and visits to it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.console import chromium
from tests.console.node import Modules, start_modules
from tests.console.visits import DESKTOP, Role, Scheme, Visit, visiting
from tests.e2e.conftest import PATIENT
from tests.e2e.exchange import Exchange, exchange_on
from tests.stacks import Stack, running_stack

# A busy machine can be slow. Only tests that fail wait so long.
expect.set_options(timeout=30_000)


class Visitor(Protocol):
    """Opens a visit. With a role, it is signed in."""

    async def __call__(
        self, role: Role | None = None, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP
    ) -> Visit: ...


@pytest.fixture(scope="session")
def modules() -> Iterator[Modules]:
    with start_modules() as running:
        yield running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    try:
        executable = chromium.find()
    except chromium.ChromiumError as error:
        pytest.skip(str(error))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox"], env={**chromium.environment(executable)}
        )
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("console"), **PATIENT) as stack:
        yield stack


@pytest.fixture
async def visit(browser: Browser, stack: Stack) -> AsyncIterator[Visitor]:
    """Open visits that end with the test. The test fails if one of them has findings that were not allowed."""
    async with AsyncExitStack() as visits:

        async def open_visit(
            role: Role | None = None, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP
        ) -> Visit:
            opened = await visits.enter_async_context(visiting(browser, stack, scheme=scheme, size=size))
            if role is not None:
                await opened.sign_in(role)
            return opened

        yield open_visit


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    """A client of the API, with which a test prepares what the browser is to show."""
    async with exchange_on(stack) as client:
        yield client
