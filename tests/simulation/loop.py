"""An event loop whose time is virtual: when nothing is ready, it is at once as late as the next thing that is due."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _NoSockets:
    """Where a real loop waits for sockets, this one moves its clock on."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("nothing is ready and nothing is due: the simulation would wait for ever")
        self._loop.now += timeout
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop without sockets, threads or waiting; the same calls happen in the same order each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self._selector = _NoSockets(self)
        # What is due within it is due now: enough for what adding floats loses.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self.now

    def run_in_executor(self, _executor: Any, function: Callable[..., T], *args: Any) -> "asyncio.Future[T]":  # type: ignore[override] # no executor, so no other kinds of futures
        """Do at once what is done in a thread elsewhere: it touches nothing that others see."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(function(*args))
        except Exception as error:  # noqa: BLE001 - handed on, as a thread would
            done.set_exception(error)
        return done

    def _process_events(self, _events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def simulate(play: Coroutine[Any, Any, T]) -> T:
    """Run it on a loop of its own."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(play)
    finally:
        loop.run_until_complete(_end_the_rest())
        loop.close()


async def _end_the_rest() -> None:
    """Cancel whatever a run that failed has still under way."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
