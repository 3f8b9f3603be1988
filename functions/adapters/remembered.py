"""What was seen of a dependency a moment ago: anybody may ask for our health, and as often as they like."""

import asyncio
import time

from functions.domain.errors import Unavailable
from functions.ports import Dependency

_FOR_S = 5.0
_PATIENCE_S = 5.0


class Remembered:
    """Looks at a dependency at most every five seconds; whoever asks meanwhile gets what was seen last, or the same."""

    def __init__(self, dependency: Dependency) -> None:
        self._dependency = dependency
        self._seen_at = float("-inf")
        self._there = False
        self._looking = asyncio.Lock()

    async def check(self) -> None:
        """See whether it is there; raises Unavailable, whatever is wrong with it. See `ports.Dependency`."""
        async with self._looking:
            if time.monotonic() - self._seen_at >= _FOR_S:
                self._there = await self._is_there()
                self._seen_at = time.monotonic()
        if not self._there:
            raise Unavailable("It is down.")

    async def _is_there(self) -> bool:
        try:
            await asyncio.wait_for(self._dependency.check(), _PATIENCE_S)
        except Exception:  # noqa: BLE001 - what is wrong with it is for its own log, not for whoever asks
            return False
        return True
