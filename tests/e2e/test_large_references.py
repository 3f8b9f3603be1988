"""A reference with much more than is usual. Reading it needs little memory and holds up no other caller."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.domain.chunks import AcceptedEntry
from exchange.domain.ids import new_id
from exchange.domain.room import Room
from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.robot import Robot, accept_job, running_robot
from tests.e2e.test_large_uploads import EXTRA_MIB, MIB
from tests.e2e.test_order_of_events import send_job
from tests.results import annotation, jsonl
from tests.stacks import Stack, read_host_memory, running_stack

SIZE = 37 * MIB
# How many entries have this size together. The usual limit is 10,000.
COUNTS = (100, 9_000)
# So many pages are read.
MAX_PAGES = 3
# The length of an annotation without its label.
LABEL_BYTES = 100
MAX_HELD_UP_S = 0.25
# What else runs on the machine delays answers too. The attempt with the shortest delay counts, without the delay of a
# pause of the same length.
ATTEMPTS = 5


@pytest.fixture(scope="module")
def large_references_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, so that only these references affect the memory of its host."""
    limits = {"RESULT_REFERENCE_ENTRIES_LIMIT": "5", "STORED_REFERENCE_ENTRIES_LIMIT": "8"}
    with running_stack(tmp_path_factory.mktemp("large-references"), **limits) as stack:
        yield stack


@pytest.fixture
async def exchange(large_references_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(large_references_stack) as client:
        yield client


async def store_entries(exchange: Exchange, reference_id: str, count: int) -> None:
    """Store `SIZE` bytes of annotations of one reference, without a limit."""
    labels = max(1, SIZE // count // (2 * LABEL_BYTES))
    store = CosmosReferenceStore(exchange.database, 4, Room(10**9, 10**12))
    for start in range(0, count, 1_000):
        entries: list[AcceptedEntry] = []
        for number in range(start, min(start + 1_000, count)):
            item = annotation(reference_id)
            (first,) = item["content"]["annotations"]
            padding = "x" * max(0, SIZE // count // labels - LABEL_BYTES)
            item["content"]["annotations"] = [{**first, "label": f"{label} {padding}"} for label in range(labels)]
            item |= {"id": str(new_id()), "created_at": "2027-01-15T08:00:00Z"}
            entries.append(AcceptedEntry(number, item, len(json.dumps(item))))
        async for refused in store.import_entries(entries):
            assert refused == []


@asynccontextmanager
async def measuring_delays(exchange: Exchange) -> AsyncIterator[list[float]]:
    """Call the app again and again meanwhile, with a request that needs no store. Yield the durations."""
    seconds: list[float] = []

    async def call() -> None:
        while True:
            started = time.perf_counter()
            async with exchange.session.get(f"{exchange.stack.api}/robots/") as response:
                assert response.status == 401
            seconds.append(time.perf_counter() - started)
            await asyncio.sleep(0.01)

    calls = asyncio.create_task(call())
    yield seconds
    calls.cancel()
    await asyncio.gather(calls, return_exceptions=True)


async def find_shortest_delay(exchange: Exchange, work: Callable[[], Awaitable[Any]]) -> float:
    """Do the work several times. Return the delay that it adds in the attempt in which that is shortest."""
    added: list[float] = []
    while len(added) < ATTEMPTS and (not added or min(added) > MAX_HELD_UP_S):
        started = time.perf_counter()
        async with measuring_delays(exchange) as with_work:
            await work()
        pause_s = time.perf_counter() - started
        async with measuring_delays(exchange) as without_work:
            await asyncio.sleep(pause_s)
        added.append(max(with_work) - max(without_work))
    return min(added)


async def read_pages(exchange: Exchange, reference_id: str) -> list[bytes]:
    """Read the first pages of the enhancements."""
    pages: list[bytes] = []
    query: dict[str, str] = {}
    while len(pages) < MAX_PAGES:
        url = f"{exchange.stack.api}/references/{reference_id}/"
        async with exchange.session.get(url, params=query, headers=exchange.as_role("requestor")) as response:
            assert response.status == 200
            pages.append(await response.read())
        continuation = (await asyncio.to_thread(json.loads, pages[-1]))["enhancements_continuation"]
        assert continuation is not None
        query = {"continuation": continuation}
    return pages


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", COUNTS)
async def test_a_large_reference_is_read_and_sent_in_little_memory_and_holds_up_no_caller(
    exchange: Exchange, count: int
) -> None:
    (reference_id,) = await exchange.load_references(1, start=430 + COUNTS.index(count))
    await store_entries(exchange, reference_id, count)
    before = read_host_memory(exchange.stack, "VmRSS")
    pages: list[bytes] = []

    async def read() -> None:
        pages[:] = await read_pages(exchange, reference_id)

    assert await find_shortest_delay(exchange, read) < MAX_HELD_UP_S
    assert max(map(len, pages)) < 3 * MIB
    ids = [item["id"] for page in pages for item in json.loads(page)["enhancements"]]
    assert len(set(ids)) == len(ids) >= MAX_PAGES
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url, dependent_enhancements=["annotation"])

        async def send() -> None:
            batch = await exchange.request_batch(robot_id, [reference_id])
            await exchange.wait_until(batch, {"accepted"})

        assert await find_shortest_delay(exchange, send) < MAX_HELD_UP_S
        (line,) = await robot.download_references(robot.jobs[-1])
    assert len(line["enhancements"]) >= count
    assert read_host_memory(exchange.stack, "VmHWM") < before + EXTRA_MIB


def make_reference(name: str) -> dict[str, Any]:
    """Return a reference without enhancements."""
    return {"identifiers": [{"identifier_type": "other", "identifier": name, "other_identifier_name": "room"}]}


async def run_batch(exchange: Exchange, robot: Robot, references: list[str], entries: list[Any]) -> list[Any]:
    """Run a batch and return the lines of its report, as pairs of a reference and an error."""
    batch, job = await send_job(exchange, robot, references)
    assert await robot.put(job["result_storage_url"], jsonl(*entries)) == 201
    assert (await robot.call_back(job))[0] == 200
    ended = await exchange.wait_until(batch, {"completed", "partial_failed", "failed"})
    return [(line["reference_id"], line["error"]) for line in await exchange.read_report_lines(ended)]


async def test_entries_without_room_are_refused_one_by_one_and_the_reference_is_not_missing(
    exchange: Exchange,
) -> None:
    loaded = make_reference("target")
    target = (await exchange.post("/references/", loaded))[1]["id"]
    other = (await exchange.post("/references/", make_reference("other")))[1]["id"]
    of_result = "Could not be stored: a result may have at most 5 enhancements and 8388608 bytes for one reference"
    of_store = "Could not be stored: the store has no room for this reference"
    async with running_robot(exchange, accept_job) as robot:
        first = await run_batch(
            exchange, robot, [target, other], [*(annotation(target, f"a {n}") for n in range(7)), annotation(other)]
        )
        assert first == [*[(target, None)] * 5, *[(target, of_result)] * 2, (other, None)]
        second = await run_batch(
            exchange,
            robot,
            [target, other],
            [*(annotation(target, f"b {n}") for n in range(5)), annotation(other, "b")],
        )
        assert [(item, error and error[: len(of_store)]) for item, error in second] == [
            *[(target, None)] * 3,
            *[(target, of_store)] * 2,
            (other, None),
        ]
        third = await run_batch(exchange, robot, [target], [annotation(target, "c")])
        assert third[0][1].startswith(of_store)
    assert len(await exchange.list_enhancements(target)) == 8
    content = {"enhancement_type": "abstract", "process": "other", "abstract": "one more"}
    more = {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": content}
    line = json.dumps({**loaded, "enhancements": [more]}).encode()
    headers = {"Content-Type": "application/jsonl", **exchange.as_role("contributor")}
    async with exchange.session.post(f"{exchange.stack.api}/references/", data=line, headers=headers) as response:
        (answer,) = (await response.text()).splitlines()
    assert json.loads(answer)["error"].startswith("The reference cannot be stored: the store has no room")
    status, problem = await exchange.post("/references/", line, role="contributor")
    assert (status, problem["detail"]) == (422, json.loads(answer)["error"])
