"""The emulators, and a batch that ended before any fault. No test may change that batch."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.check import check, count_stored
from tests.faults.proxied_stack import ProxiedStack, run_proxies
from tests.faults.watched_batch import WatchedBatch, accept_and_deliver
from tests.stacks import Stack, running_stack


@dataclass(frozen=True, slots=True)
class EndedBatch:
    """A batch that has ended, and everything that is stored of it."""

    batch: WatchedBatch
    stored: tuple[Any, ...]


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("faults"), "--emulators-only") as stack:
        yield stack


@pytest.fixture(scope="session")
async def shared_stack(emulators: Stack) -> AsyncIterator[ProxiedStack]:
    async with run_proxies(emulators) as stack:
        yield stack


@pytest.fixture(scope="session")
async def ended_batch(shared_stack: ProxiedStack) -> EndedBatch:
    async with shared_stack.run_host():
        references = await shared_stack.load(5)
        async with shared_stack.run_batch(accept_and_deliver, references) as batch:
            await check(shared_stack, batch)
    return EndedBatch(batch, await _read_stored(shared_stack, batch))


@pytest.fixture
async def stack(shared_stack: ProxiedStack, ended_batch: EndedBatch) -> AsyncIterator[ProxiedStack]:
    """Return the shared stack. After the test, check that the ended batch has not changed."""
    yield shared_stack
    assert await _read_stored(shared_stack, ended_batch.batch) == ended_batch.stored


async def _read_stored(stack: ProxiedStack, batch: WatchedBatch) -> tuple[Any, ...]:
    return await batch.read_item(), await count_stored(stack.exchange, set(batch.references))
