"""Some requests at once, but not all."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


async def as_completed(work: Iterable[Coroutine[Any, Any, T]], at_once: int) -> AsyncIterator[T]:
    """Yield the results as they come, with at most `at_once` under way and as many results waiting to be taken.

    The first error is raised at once, and what is under way is cancelled; so it is when the caller stops early.
    """
    remaining = iter(work)
    running = {asyncio.ensure_future(item) for item in islice(remaining, at_once)}
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
        # Those that ended beside the one that is raised may have errors of their own.
        await asyncio.gather(*running, *done, return_exceptions=True)
        for unused in remaining:
            unused.close()


async def one_ahead(items: AsyncIterable[T]) -> AsyncGenerator[T, None]:
    """Yield the items, with the next one under way while the caller is at work on one."""
    remaining = aiter(items)
    coming = asyncio.ensure_future(anext(remaining))
    try:
        while True:
            try:
                item = await coming
            except StopAsyncIteration:
                return
            coming = asyncio.ensure_future(anext(remaining))
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
