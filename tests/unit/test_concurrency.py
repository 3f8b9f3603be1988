import asyncio
import gc
import inspect
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from exchange.concurrency import prefetch_one, run_concurrently


class Requests:
    """Counts running requests. Each request waits at its gate until the test opens it."""

    def __init__(self) -> None:
        self.gates: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self.running = 0
        self.max_running = 0
        self.cancelled: list[int] = []

    async def run(self, number: int) -> int:
        self.running += 1
        self.max_running = max(self.max_running, self.running)
        try:
            await self.gates[number].wait()
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        finally:
            self.running -= 1
        return number

    def start(self, count: int) -> Iterator[Coroutine[Any, Any, int]]:
        return (self.run(number) for number in range(count))


async def succeed(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def fail(number: int) -> int:
    await asyncio.sleep(0)
    raise ValueError(number)


def run_stoppable(work: Iterator[Coroutine[Any, Any, int]], max_concurrent: int) -> AsyncGenerator[int, None]:
    return cast("AsyncGenerator[int, None]", run_concurrently(work, max_concurrent))


@pytest.mark.parametrize("max_concurrent", [1, 2, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 20])
async def test_every_result_is_yielded_once(count: int, max_concurrent: int) -> None:
    results = [
        result async for result in run_concurrently((succeed(number) for number in range(count)), max_concurrent)
    ]
    assert sorted(results) == list(range(count))


async def test_exactly_the_allowed_number_is_running() -> None:
    requests = Requests()
    results = run_concurrently(requests.start(10), 3)
    for number in range(10):
        requests.gates[number].set()
        assert await anext(results) == number
        assert requests.running <= 3
    assert requests.max_running == 3


async def test_results_are_yielded_as_they_complete() -> None:
    requests = Requests()
    results = run_concurrently(requests.start(3), 3)
    for number in (2, 0, 1):
        requests.gates[number].set()
        assert await anext(results) == number
    assert [result async for result in results] == []


async def test_work_is_created_only_when_it_can_start() -> None:
    created: list[int] = []

    def work() -> Iterator[Coroutine[Any, Any, int]]:
        for number in range(1000):
            created.append(number)
            yield succeed(number)

    async with aclosing(run_stoppable(work(), 4)) as results:
        await anext(results)
        assert len(created) <= 8


async def test_the_first_error_is_raised_and_the_others_are_cancelled() -> None:
    requests = Requests()
    waiting = succeed(99)
    work = [requests.run(0), fail(1), requests.run(2), waiting]
    with pytest.raises(ValueError, match="1"):
        await anext(run_concurrently(work, 3))
    assert sorted(requests.cancelled) == [0, 2]
    assert requests.running == 0
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED


async def test_stopping_early_cancels_all_work() -> None:
    requests = Requests()
    waiting = succeed(99)
    async with aclosing(run_stoppable(iter([succeed(0), requests.run(1), requests.run(2), waiting]), 3)) as results:
        assert await anext(results) == 0
    assert requests.running == 0
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED


async def test_cancelling_the_caller_cancels_all_work() -> None:
    requests = Requests()

    async def collect() -> list[int]:
        return [result async for result in run_concurrently(requests.start(5), 2)]

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(collect(), 0.02)
    assert (requests.running, sorted(requests.cancelled)) == (0, [0, 1])


async def test_further_errors_are_not_reported_to_the_event_loop() -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    try:
        with pytest.raises(ValueError, match=r"\d"):
            [result async for result in run_concurrently((fail(number) for number in range(3)), 3)]
        gc.collect()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert reported == []


class Numbers:
    """An iterator of numbers, each of which waits at its gate. After them it ends, or raises the failure."""

    def __init__(self, count: int, failure: Exception | None = None) -> None:
        self.requests = Requests()
        self.count = count
        self.failure = failure
        self.requested = 0

    def __aiter__(self) -> "Numbers":
        return self

    async def __anext__(self) -> int:
        self.requested += 1
        if self.requested <= self.count:
            return await self.requests.run(self.requested)
        raise self.failure or StopAsyncIteration


async def test_one_item_is_fetched_ahead() -> None:
    numbers = Numbers(4)
    numbers.requests.gates[1].set()
    async with aclosing(prefetch_one(numbers)) as items:
        assert await anext(items) == 1
        await asyncio.sleep(0)
        assert (numbers.requested, numbers.requests.running) == (2, 1)
        for number in range(2, 5):
            numbers.requests.gates[number].set()
        assert [item async for item in items] == [2, 3, 4]


async def test_an_error_of_the_next_item_is_raised_after_the_current_one() -> None:
    numbers = Numbers(1, ValueError("broke off"))
    numbers.requests.gates[1].set()
    items = prefetch_one(numbers)
    assert await anext(items) == 1
    with pytest.raises(ValueError, match="broke off"):
        await anext(items)


async def test_stopping_early_cancels_the_fetch() -> None:
    numbers = Numbers(3)
    numbers.requests.gates[1].set()
    async with aclosing(prefetch_one(numbers)) as items:
        await anext(items)
        await asyncio.sleep(0)
    assert (numbers.requests.cancelled, numbers.requests.running) == ([2], 0)
