"""How long is waited for what takes its time in Azure."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.deploy.tools import ToolError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds, at most, for each thing that is waited for, and between two looks at it."""

    # Role assignments take up to ten minutes to spread.
    roles_s: float = 600.0
    directory_s: float = 120.0
    functions_s: float = 600.0
    health_s: float = 300.0
    batch_s: float = 120.0
    pause_s: float = 5.0

    def until(self, seconds: float, look: Callable[[], T | None]) -> T | None:
        """Look until there is something to see; return None if that took too long."""
        deadline = time.monotonic() + seconds
        while (seen := look()) is None and time.monotonic() < deadline:
            time.sleep(self.pause_s)
        return seen

    def through(self, seconds: float, words: str, action: Callable[[], T]) -> T:
        """Try an action again while the tool fails with these words. Raises ToolError, the last one if it persists."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return action()
            except ToolError as failed:
                if words not in failed.words or time.monotonic() >= deadline:
                    raise
            time.sleep(self.pause_s)
