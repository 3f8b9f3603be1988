"""The emulators, and a batch that had ended before any fault: nothing may change it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.check import check, stored
from tests.faults.jobs import Job, takes_and_delivers
from tests.faults.site import Site, site_on
from tests.stacks import Stack, running_stack


@dataclass(frozen=True, slots=True)
class Bystander:
    """A batch that is over, and all that is kept of it."""

    job: Job
    kept: tuple[Any, ...]


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("faults"), "--emulators-only") as stack:
        yield stack


@pytest.fixture(scope="session")
async def emulated(emulators: Stack) -> AsyncIterator[Site]:
    async with site_on(emulators) as site:
        yield site


@pytest.fixture(scope="session")
async def bystander(emulated: Site) -> Bystander:
    async with emulated.host():
        references = await emulated.load(5)
        async with emulated.job(takes_and_delivers, references) as job:
            await check(emulated, job)
    return Bystander(job, await _kept(emulated, job))


@pytest.fixture
async def site(emulated: Site, bystander: Bystander) -> AsyncIterator[Site]:
    """Give the emulators; after the test, see that nobody else's batch has changed."""
    yield emulated
    assert await _kept(emulated, bystander.job) == bystander.kept


async def _kept(site: Site, job: Job) -> tuple[Any, ...]:
    return await job.item(), await stored(site.exchange, set(job.references))
