"""What listeners have in common: what they deliver at the moment, and pauses that the host's end cuts short."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


class Deliveries:
    """The deliveries of one listener that are under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, delivery: Coroutine[Any, Any, None]) -> None:
        """Let it run beside the others."""
        task = asyncio.create_task(delivery)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def fewer_than(self, most: int) -> None:
        """Wait until so few are under way."""
        while len(self._tasks) >= most:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    async def over(self) -> None:
        """Wait for the end of all; if the wait is cancelled, so are they."""
        await asyncio.gather(*self._tasks)


async def stopped_within(stopping: asyncio.Event, pause_s: float) -> bool:
    """Pause, and say whether the host is to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), pause_s)
    return stopping.is_set()
