"""How long the commands wait for Azure."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.deploy.tools import ToolError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Maximum waiting times, and the pause between two checks, in seconds."""

    # Role assignments can take ten minutes until they are effective.
    roles_s: float = 600.0
    directory_s: float = 120.0
    functions_s: float = 600.0
    health_s: float = 300.0
    batch_s: float = 120.0
    pause_s: float = 5.0

    def wait_for(self, seconds: float, check: Callable[[], T | None]) -> T | None:
        """Call `check` until it returns something. Return None after this time."""
        deadline = time.monotonic() + seconds
        while (found := check()) is None and time.monotonic() < deadline:
            time.sleep(self.pause_s)
        return found

    def retry_while(self, seconds: float, text: str, action: Callable[[], T]) -> T:
        """Repeat the action while the tool fails with this text in its output. Raises the last ToolError."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return action()
            except ToolError as error:
                if text not in error.stderr or time.monotonic() >= deadline:
                    raise
            time.sleep(self.pause_s)
