"""An event loop with virtual time: when no task is ready, the clock jumps to the next timer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _NoSockets:
    """Advances the virtual clock where a real loop would wait for sockets."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("No task is ready and no timer is set: the simulation would wait for ever.")
        self._loop.now += timeout
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop without sockets, threads or waiting. Every run makes the same calls in the same order."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._selector = _NoSockets(self)
        # Timers within this time are due. It covers the rounding errors of adding floats.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self.now

    def run_in_executor(self, _executor: Any, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override] # without an executor there is only one kind of future
        """Run the function immediately. No other task sees what such functions change."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(function(*args))
        except Exception as error:  # noqa: BLE001 - passed on to the caller, as a thread would
            done.set_exception(error)
        return done

    def _process_events(self, _events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def simulate(run: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine on a new virtual loop and return its result."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(run)
    finally:
        loop.run_until_complete(_cancel_tasks())
        loop.close()


async def _cancel_tasks() -> None:
    """Cancel the tasks that a failed run has left."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
