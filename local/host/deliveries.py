"""The running deliveries of a listener, and delays that end early when the host is to stop."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


class Deliveries:
    """The running deliveries of one listener."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Run a delivery concurrently with the others."""
        task = asyncio.create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait_until_fewer_than(self, limit: int) -> None:
        """Wait until fewer than `limit` deliveries are running."""
        while len(self._tasks) >= limit:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def wait(self) -> None:
        """Wait until all deliveries have ended. If the wait is cancelled, the deliveries are too."""
        await asyncio.gather(*self._tasks)


async def wait_or_stop(stopping: asyncio.Event, delay_s: float) -> bool:
    """Wait for the delay, or until the host is to stop. Return whether it is to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), delay_s)
    return stopping.is_set()
