"""Bounded concurrency."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


async def run_concurrently(work: Iterable[Coroutine[Any, Any, T]], max_concurrent: int) -> AsyncIterator[T]:
    """Yield the results as they complete, with at most `max_concurrent` running and as many results waiting.

    The first error is raised at once and cancels the others. They are also cancelled if the caller stops early.
    """
    remaining = iter(work)
    running = {asyncio.ensure_future(item) for item in islice(remaining, max_concurrent)}
    done: set[asyncio.Task[T]] = set()
    try:
        while running:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            running |= {asyncio.ensure_future(item) for item in islice(remaining, len(done))}
            for item in done:
                yield item.result()
    finally:
        for item in running:
            item.cancel()
        # Retrieve the errors of the others, so that asyncio does not log them.
        await asyncio.gather(*running, *done, return_exceptions=True)
        for unused in remaining:
            unused.close()


async def prefetch_one(items: AsyncIterable[T]) -> AsyncGenerator[T, None]:
    """Yield the items. The next one is fetched while the caller works on the current one."""
    remaining = aiter(items)
    upcoming = asyncio.ensure_future(anext(remaining))
    try:
        while True:
            try:
                item = await upcoming
            except StopAsyncIteration:
                return
            upcoming = asyncio.ensure_future(anext(remaining))
            yield item
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
