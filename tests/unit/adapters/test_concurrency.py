import asyncio
import gc
import inspect
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from exchange.adapters.concurrency import run_concurrently, prefetch_one


class Requests:
    """Counts what is under way; each number waits at its gate until the test opens it."""

    def __init__(self) -> None:
        self.gates: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.under_way = 0
        self.most = 0
        self.cancelled: list[int] = []

    async def run(self, number: int) -> int:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        finally:
            self.under_way -= 1
        return number

    def many(self, count: int) -> Iterator[Coroutine[Any, Any, int]]:
        return (self.run(number) for number in range(count))


async def at_once(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def fails(number: int) -> int:
    await asyncio.sleep(0)
    raise ValueError(number)


def stoppable(work: Iterator[Coroutine[Any, Any, int]], most: int) -> AsyncGenerator[int, None]:
    return cast("AsyncGenerator[int, None]", run_concurrently(work, most))


@pytest.mark.parametrize("most", [1, 2, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 20])
async def test_every_result_comes_once(count: int, most: int) -> None:
    results = [result async for result in run_concurrently((at_once(number) for number in range(count)), most)]
    assert sorted(results) == list(range(count))


async def test_no_more_are_under_way_than_allowed_and_no_fewer() -> None:
    requests = Requests()
    results = run_concurrently(requests.many(10), 3)
    for number in range(10):
        requests.gates[number].set()
        assert await anext(results) == number
        assert requests.under_way <= 3
    assert requests.most == 3


async def test_results_come_as_they_are_ready() -> None:
    requests = Requests()
    results = run_concurrently(requests.many(3), 3)
    for number in (2, 0, 1):
        requests.gates[number].set()
        assert await anext(results) == number
    assert [result async for result in results] == []


async def test_work_is_made_when_there_is_room_for_it() -> None:
    made: list[int] = []

    def work() -> Iterator[Coroutine[Any, Any, int]]:
        for number in range(1000):
            made.append(number)
            yield at_once(number)

    async with aclosing(stoppable(work(), 4)) as results:
        await anext(results)
        assert len(made) <= 8


async def test_the_first_error_is_raised_and_the_rest_given_up() -> None:
    requests = Requests()
    waiting = at_once(99)
    work = [requests.run(0), fails(1), requests.run(2), waiting]
    with pytest.raises(ValueError, match="1"):
        await anext(run_concurrently(work, 3))
    assert sorted(requests.cancelled) == [0, 2]
    assert requests.under_way == 0
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED


async def test_a_caller_that_stops_early_leaves_nothing_under_way() -> None:
    requests = Requests()
    waiting = at_once(99)
    async with aclosing(stoppable(iter([at_once(0), requests.run(1), requests.run(2), waiting]), 3)) as results:
        assert await anext(results) == 0
    assert requests.under_way == 0
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED


async def test_a_caller_that_is_cancelled_leaves_nothing_under_way() -> None:
    requests = Requests()

    async def take() -> list[int]:
        return [result async for result in run_concurrently(requests.many(5), 2)]

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(take(), 0.02)
    assert (requests.under_way, sorted(requests.cancelled)) == (0, [0, 1])


async def test_of_several_that_fail_at_once_the_others_are_no_surprise_to_the_event_loop() -> None:
    surprises: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: surprises.append(context))
    try:
        with pytest.raises(ValueError, match=r"\d"):
            [result async for result in run_concurrently((fails(number) for number in range(3)), 3)]
        gc.collect()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert surprises == []


class Chunks:
    """Numbers, each of which waits at its gate; then a failure, if there is one."""

    def __init__(self, count: int, failure: Exception | None = None) -> None:
        self.requests = Requests()
        self.count = count
        self.failure = failure
        self.asked = 0

    def __aiter__(self) -> "Chunks":
        return self

    async def __anext__(self) -> int:
        self.asked += 1
        if self.asked <= self.count:
            return await self.requests.run(self.asked)
        raise self.failure or StopAsyncIteration


async def test_the_next_one_is_under_way_while_one_is_worked_on_and_no_further_one() -> None:
    chunks = Chunks(4)
    chunks.requests.gates[1].set()
    async with aclosing(prefetch_one(chunks)) as items:
        assert await anext(items) == 1
        await asyncio.sleep(0)
        assert (chunks.asked, chunks.requests.under_way) == (2, 1)
        for number in range(2, 5):
            chunks.requests.gates[number].set()
        assert [item async for item in items] == [2, 3, 4]


async def test_a_failure_ahead_comes_after_what_came_before_it() -> None:
    chunks = Chunks(1, ValueError("broke off"))
    chunks.requests.gates[1].set()
    items = prefetch_one(chunks)
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="broke off"):
        await anext(items)


async def test_who_stops_early_leaves_nothing_under_way() -> None:
    chunks = Chunks(3)
    chunks.requests.gates[1].set()
    async with aclosing(prefetch_one(chunks)) as items:
        await anext(items)
        await asyncio.sleep(0)
    assert (chunks.requests.cancelled, chunks.requests.under_way) == ([2], 0)
