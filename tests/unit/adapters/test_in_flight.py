import asyncio
import gc
import inspect
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from functions.adapters.in_flight import as_completed


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
    return cast("AsyncGenerator[int, None]", as_completed(work, most))


@pytest.mark.parametrize("most", [1, 2, 7, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 20])
async def test_every_result_comes_once(count: int, most: int) -> None:
    results = [result async for result in as_completed((at_once(number) for number in range(count)), most)]
    assert sorted(results) == list(range(count))


async def test_no_more_are_under_way_than_allowed_and_no_fewer() -> None:
    requests = Requests()
    results = as_completed(requests.many(10), 3)
    for number in range(10):
        requests.gates[number].set()
        assert await anext(results) == number
        assert requests.under_way <= 3
    assert requests.most == 3


async def test_results_come_as_they_are_ready() -> None:
    requests = Requests()
    results = as_completed(requests.many(3), 3)
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
        await anext(as_completed(work, 3))
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
        return [result async for result in as_completed(requests.many(5), 2)]

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(take(), 0.02)
    assert (requests.under_way, sorted(requests.cancelled)) == (0, [0, 1])


async def test_of_several_that_fail_at_once_the_others_are_no_surprise_to_the_event_loop() -> None:
    surprises: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: surprises.append(context))
    try:
        with pytest.raises(ValueError, match=r"\d"):
            [result async for result in as_completed((fails(number) for number in range(3)), 3)]
        gc.collect()
    finally:
        asyncio.get_running_loop().set_exception_handler(None)
    assert surprises == []
