"""Robots that fetch their work. A worker is one process of such a robot: it fetches, works, and fetches again."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import chain, cycle, repeat
from typing import Any
from uuid import UUID

from exchange.domain.batch import Batch
from tests.simulation import robots
from tests.simulation.robots import Delivery, MakeResult
from tests.simulation.world import ExpectedEntry, Simulation

LEASE_S = 300.0
# How long a worker waits if there is no work. After some times it waits longer.
POLL_S = 45.0
_LONGEST_POLL_S = 600.0
_PATIENCE = 20
_ENOUGH_FOR_EVERY_KIND = 4


class FetchedPart(Delivery):
    """What a robot can do with a part that it has fetched."""

    def __init__(self, simulation: Simulation, part: Batch, lease_s: float, make_result: MakeResult) -> None:
        super().__init__(simulation, part.id, make_result)
        assert part.lease is not None
        self._until = part.lease.until
        self.lease_s = lease_s

    async def renew(self) -> bool:
        """Renew the lease. Return False if that is refused. Without an answer, try again."""
        for _ in range(3):
            renewed = await self._simulation.renew(self._batch_id, self.lease_s)
            if renewed is not None:
                return renewed
            await asyncio.sleep(5)
        return True

    async def give_back(self) -> None:
        await self._simulation.renew(self._batch_id, 0.0)

    async def wait_for_the_end_of_the_lease(self, plus_s: float = 0.0) -> None:
        await asyncio.sleep(max(0.0, self._until - self._simulation.time() + plus_s))


PartWork = Callable[[FetchedPart], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of a robot. It does `works` in turn, and the last one for ever. `limits` are those of its fetches.

    It starts after `start_s` and ends after `parts` parts.
    """

    works: Sequence[PartWork]
    limits: Sequence[int] = (2,)
    lease_s: float = LEASE_S
    start_s: float = 1.0
    poll_s: float = POLL_S
    parts: int | None = None

    async def run(self, simulation: Simulation, make_result: MakeResult) -> None:
        """Fetch and work until the run ends."""
        works, limits = chain(self.works[:-1], repeat(self.works[-1])), cycle(self.limits)
        done = idle = 0
        await asyncio.sleep(self.start_s)
        while self.parts is None or done < self.parts:
            part = await self._fetch(simulation, next(limits)) if simulation.list_open_batches() else None
            if part is None:
                idle += 1
                await asyncio.sleep(min(self.poll_s * 2.0 ** (idle // _PATIENCE), _LONGEST_POLL_S))
                continue
            done, idle = done + 1, 0
            work = next(works)(FetchedPart(simulation, part, self.lease_s, make_result))
            # The run does not end before the work.
            await asyncio.wait([simulation.start(work)])

    async def _fetch(self, simulation: Simulation, limit: int) -> Batch | None:
        """Fetch. The run does not end before there is an answer."""
        part: Batch | None = None

        async def fetch() -> None:
            nonlocal part
            part = await simulation.fetch(limit, self.lease_s)

        await asyncio.wait([simulation.start(fetch())])
        return part


def make_result_of_part(label: str, ids: Sequence[UUID]) -> list[ExpectedEntry]:
    """Make an entry of every kind if there are enough references, and valid ones if there is only one."""
    if len(ids) >= _ENOUGH_FOR_EVERY_KIND:
        return robots.make_mixed_result(label, ids)
    return robots.make_half_result(label, ids) if len(ids) > 1 else robots.make_valid_result(label, ids)


async def deliver(part: FetchedPart) -> None:
    await asyncio.sleep(5)
    await robots.upload_and_call_back(part)


async def work_slowly(part: FetchedPart) -> None:
    """Renew the lease several times. Stop if it cannot be renewed."""
    for _ in range(4):
        await asyncio.sleep(0.6 * part.lease_s)
        if not await part.renew():
            return
    await robots.upload_and_call_back(part)


async def give_back(part: FetchedPart) -> None:
    await asyncio.sleep(3)
    await part.give_back()


async def give_back_and_deliver(part: FetchedPart) -> None:
    """Deliver a result of a part that is given back already."""
    await part.give_back()
    await asyncio.sleep(20)
    await robots.upload_and_call_back(part)


async def deliver_and_renew(part: FetchedPart) -> None:
    await robots.upload_and_call_back(part)
    await part.renew()
    await part.give_back()


async def die(_part: FetchedPart) -> None:
    """Do nothing. The next process of the robot fetches again."""


async def deliver_late(part: FetchedPart) -> None:
    """Deliver after the lease, and after a look at whether it can still be renewed."""
    await part.wait_for_the_end_of_the_lease(plus_s=100.0)
    await part.renew()
    await robots.upload_and_call_back(part)


async def deliver_very_late(part: FetchedPart) -> None:
    """Renew the lease once, and deliver long after its end."""
    await asyncio.sleep(0.5 * part.lease_s)
    await part.renew()
    await asyncio.sleep(10 * part.lease_s)
    await robots.upload_and_call_back(part)


async def deliver_at_the_last_moment(part: FetchedPart) -> None:
    """Upload just before the end of the lease, and report just after it."""
    await part.wait_for_the_end_of_the_lease(plus_s=-1.0)
    await robots.upload_and_call_back(part)


async def renew_at_the_last_moment(part: FetchedPart) -> None:
    await part.wait_for_the_end_of_the_lease(plus_s=-0.05)
    await part.renew()
    await part.wait_for_the_end_of_the_lease(plus_s=10.0)
    await robots.upload_and_call_back(part)


async def upload_just_after_the_lease(part: FetchedPart) -> None:
    await part.wait_for_the_end_of_the_lease(plus_s=0.01)
    await robots.upload_and_call_back(part)


WORKS: tuple[PartWork, ...] = (
    deliver,
    deliver,
    work_slowly,
    give_back,
    give_back_and_deliver,
    deliver_and_renew,
    die,
    deliver_late,
    deliver_very_late,
    deliver_at_the_last_moment,
    renew_at_the_last_moment,
    upload_just_after_the_lease,
    robots.upload_only,
    robots.upload_and_report_an_error,
    robots.report_an_error_after_success,
    robots.call_back_before_and_after_two_uploads,
)
