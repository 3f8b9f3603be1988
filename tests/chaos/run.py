"""A run: it follows the plan, heals everything, and waits until all batches have ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.hosts import Hosts, run_hosts
from tests.chaos.plan import REFERENCES, Fault, Plan, Request
from tests.chaos.robots import ROBOTS
from tests.e2e.exchange import BATCHES
from tests.faults.watched_batch import Item, WatchedBatch
from tests.stacks import Stack

# How long batches may take to end after everything is healed. The longest deadline is 30 s.
END_TIMEOUT_S = 90.0
_POLL_INTERVAL_S = 0.5

Print = Callable[[str], None]


@dataclass(slots=True)
class Requested:
    """A batch request. `status` is the HTTP status of the answer, or None if there was none.

    `end` is the item of the ended batch, or the error why it has not ended properly.
    """

    request: Request
    robot_id: str
    batch: WatchedBatch
    status: int | None = None
    end: Item | Exception | None = None
    watching: asyncio.Task[None] | None = field(default=None, repr=False)


class Run:
    """A run on hosts that are up, with references that are loaded and robots that are registered."""

    def __init__(self, plan: Plan, hosts: Hosts, references: Sequence[str], print_line: Print) -> None:
        self.plan = plan
        self.hosts = hosts
        self.references = references
        self.requested: list[Requested] = []
        # What went wrong with the hosts.
        self.failures: list[str] = []
        self._print = print_line
        self._started_at = time.monotonic()
        self._end_timeout_s = END_TIMEOUT_S

    async def add_robots(self, exits: AsyncExitStack) -> None:
        """Start and register the robot of each request."""
        batches: list[WatchedBatch] = []
        for request in self.plan.requests:
            robot = ROBOTS[request.robot]
            references = [self.references[number] for number in request.references]
            batch = WatchedBatch(self.hosts.exchange, references, request.times, robot.make_delivery)
            batch.others = batches
            batches.append(batch)
            robot_id = await exits.enter_async_context(batch.run_robot(robot.behaviour))
            self.requested.append(Requested(request, robot_id, batch))

    async def follow_plan(self, end_timeout_s: float = END_TIMEOUT_S) -> None:
        """Request the batches and cause the faults. Then wait until all batches have ended, for a limited time."""
        self._end_timeout_s = end_timeout_s
        self._started_at = time.monotonic()
        faults = [asyncio.create_task(self._cause(fault)) for fault in self.plan.faults]
        requests = [asyncio.create_task(self._request(requested)) for requested in self.requested]
        await asyncio.gather(*faults, asyncio.sleep(self.plan.seconds))
        self._log("heal", "no more faults, and all hosts run")
        await asyncio.gather(*requests)
        # A request whose answer was lost may still be at work, so a batch may appear late.
        while await self._find_unanswered():
            await asyncio.gather(*(item.watching for item in self.requested if item.watching is not None))
        ended = sum(isinstance(requested.end, dict) for requested in self.requested)
        self._log("end", f"{ended} batches have ended")

    def _log(self, what: str, detail: str) -> None:
        """Print what happened, and when."""
        self._print(f"{time.monotonic() - self._started_at:6.1f} s  {what:<8} {detail}")

    async def _wait_until(self, at: float) -> None:
        await asyncio.sleep(self._started_at + at - time.monotonic())

    async def _cause(self, fault: Fault) -> None:
        await self._wait_until(fault.at)
        self._log(fault.kind, str(fault))
        try:
            await self.hosts.cause(fault)
        except Exception as error:  # noqa: BLE001 - the run continues, and fails in the end
            self.failures.append(f"{fault.kind} of {fault} at {fault.at} s: {error!r}")

    async def _request(self, requested: Requested) -> None:
        """Request the batch once, as a requestor does that repeats nothing."""
        await self._wait_until(requested.request.at)
        # Without a host nothing can be sent, so a client may try again.
        await self.hosts.front.has_host.wait()
        request = {"robot_id": requested.robot_id, "reference_ids": requested.batch.references, "source": "chaos"}
        try:
            requested.status, body = await self.hosts.exchange.post(BATCHES, request, "requestor")
        except (aiohttp.ClientError, OSError) as error:
            self._log("request", f"{requested.request.robot}: no answer ({type(error).__name__})")
            return
        batch = f", batch {body['id']}" if requested.status == 202 else ""
        self._log("request", f"{requested.request.robot}: {requested.status}{batch}")
        if requested.status == 202:
            self._watch(requested, body["id"])

    def _watch(self, requested: Requested, batch_id: str) -> None:
        requested.batch.id = batch_id
        remaining_s = max(0.0, self._started_at + self.plan.seconds - time.monotonic())
        requested.batch.patience_s = remaining_s + self._end_timeout_s
        requested.batch.poll_interval_s = _POLL_INTERVAL_S
        requested.watching = asyncio.create_task(_wait_until_ended(requested))

    async def _find_unanswered(self) -> bool:
        """Find the batches that exist although their requests were not answered with 202. Return whether to wait."""
        batch_ids = await self.list_batches()
        for requested in self.requested:
            if requested.watching is None:
                for batch_id in batch_ids.get(requested.robot_id, [])[:1]:
                    self._log("found", f"{requested.request.robot}: not answered, but stored as batch {batch_id}")
                    self._watch(requested, batch_id)
        return any(item.watching is not None and not item.watching.done() for item in self.requested)

    async def list_batches(self) -> dict[str, list[str]]:
        """Return the ids of all batches in Cosmos DB by robot."""
        container = await self.hosts.exchange.database.container("batches")
        found: dict[str, list[str]] = {}
        async for item in container.query_items("SELECT c.id, c.robot_id FROM c"):
            found.setdefault(item["robot_id"], []).append(item["id"])
        return found


async def _wait_until_ended(requested: Requested) -> None:
    try:
        requested.end = await requested.batch.wait_until_ended()
    except Exception as error:  # noqa: BLE001 - the verdict on this batch
        requested.end = error


@asynccontextmanager
async def prepare(plan: Plan, emulators: Stack, print_line: Print) -> AsyncIterator[Run]:
    """Start the hosts and the robots, and load the references."""
    async with AsyncExitStack() as exits:
        hosts = await exits.enter_async_context(run_hosts(emulators))
        run = Run(plan, hosts, await hosts.places[0].stack.load(REFERENCES), print_line)
        await run.add_robots(exits)
        yield run
