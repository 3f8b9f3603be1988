"""The time of a small batch from its request to its end, on an idle local stack."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from benchmarks.goals import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.requests import Requests, running_requests
from benchmarks.site import Site
from exchange.domain import blob_names

_EXPLANATION = "Every step is a request to an emulator with one thread, or a message."


def _make_goal(name: str, limit: float, seconds: float) -> Goal:
    return Goal(
        name=name,
        unit="s",
        limit=Bound(limit, at_most=True, floor=2 * limit),
        ours=Bound(seconds, at_most=True, floor=10 * seconds),
        lower_is_better=True,
        explanation=_EXPLANATION,
    )


# The goal of each number of references.
GOALS = {1: _make_goal("one reference, whole flow", 6, 0.2), 20: _make_goal("20 references, whole flow", 8, 0.3)}

_WARM_UP = 3
# Frequent reads of the batch would be a load themselves. Its end is recorded in the batch.
_POLL_S = 0.1

Step = Callable[[], Awaitable[object]]


async def _measure_flow(requests: Requests, count: int) -> float:
    started = time.time()
    batch = await requests.run_batch(requests.reference_ids[:count], _POLL_S)
    assert batch.ended_at is not None  # noqa: S101 - it has ended
    return batch.ended_at - started


@asynccontextmanager
async def _making_limit(site: Site) -> AsyncIterator[Step]:
    """Provide what no implementation can avoid: the writes, reads and messages of a batch in sequence, without work.

    Nothing receives the messages of this site but the limit.
    """
    blob = site.blobs.get_blob_client(blob_names.BATCHES, f"{uuid4()}/limit.jsonl")
    item = {"id": str(uuid4()), "bucket": "limit"}
    queue = site.settings.azure.import_queue
    async with (
        ServiceBusClient.from_connection_string(site.stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_sender(queue) as sender,
        client.get_queue_receiver(queue) as receiver,
    ):

        async def send_and_receive() -> None:
            await sender.send_messages(ServiceBusMessage(b"limit"))
            for message in await receiver.receive_messages(max_wait_time=10):
                await receiver.complete_message(message)

        async def write_item() -> None:
            await site.references.upsert_item(item)

        async def write_blob() -> None:
            await blob.upload_blob(b"limit", overwrite=True)

        async def read_blob() -> None:
            await (await blob.download_blob()).readall()

        async def run() -> None:
            # The request and the snapshot, the robot's upload and callback, the import and the report.
            dispatch = (write_item, send_and_receive, write_blob, read_blob)
            delivery = (write_blob, write_item, send_and_receive, read_blob)
            for step in (*dispatch, *delivery, write_item, write_blob, write_item):
                await step()

        yield run


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure flows on a separate stack, with the function app, and the limit on the emulators alone."""
    flows = effort.choose(8, 30)
    found: dict[str, Rounds] = {}
    async with running_requests(max(GOALS), site.folder) as requests, _making_limit(site) as run_limit:
        for count, goal in GOALS.items():
            rounds: dict[str, list[float]] = {OURS: [], LIMIT: []}
            for number in range(_WARM_UP + flows):
                ours = await _measure_flow(requests, count)
                started = time.perf_counter()
                await run_limit()
                limit = time.perf_counter() - started
                if number >= _WARM_UP:
                    rounds[OURS].append(ours)
                    rounds[LIMIT].append(limit)
            found[goal.name] = rounds
    return found


BENCHMARK = Benchmark(tuple(GOALS.values()), measure)
