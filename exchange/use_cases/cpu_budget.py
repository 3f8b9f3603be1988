"""A bound on the CPU time of a validation, for files that are small but expensive."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from exchange.domain.errors import TooLarge

T = TypeVar("T")


class CpuBudget:
    """The CPU time that one validation may use. It does not run out while the validation waits."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._used_s = 0.0

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run the work in a thread, to keep the event loop free. Raises TooLarge once the budget is used up."""
        result, used_s = await asyncio.to_thread(_measure, work)
        self._used_s += used_s
        if self._used_s > self._limit_s:
            raise TooLarge(
                f"The validation of the result takes more than {self._limit_s:g} s of CPU time. The whole result was "
                "refused, and nothing was imported."
            )
        return result


def _measure(work: Callable[[], T]) -> tuple[T, float]:
    started = time.thread_time()
    return work(), time.thread_time() - started
