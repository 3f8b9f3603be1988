"""Cached health checks. Anyone may read the health, as often as they like."""

import asyncio
import time

from exchange.domain.errors import Unavailable
from exchange.ports import Dependency

_MAX_AGE_S = 5.0
_TIMEOUT_S = 5.0


class CachedCheck:
    """Checks a dependency at most every five seconds. Calls in between get the last result."""

    def __init__(self, dependency: Dependency) -> None:
        self._dependency = dependency
        self._checked_at = float("-inf")
        self._is_up = False
        self._checking = asyncio.Lock()

    async def check(self) -> None:
        """Raise Unavailable if the dependency is down, for any reason. See `ports.Dependency`."""
        async with self._checking:
            if time.monotonic() - self._checked_at >= _MAX_AGE_S:
                self._is_up = await self._reach()
                self._checked_at = time.monotonic()
        if not self._is_up:
            raise Unavailable("The dependency is down.")

    async def _reach(self) -> bool:
        try:
            await asyncio.wait_for(self._dependency.check(), _TIMEOUT_S)
        except Exception:  # noqa: BLE001 - any error means that the dependency is down
            return False
        return True
