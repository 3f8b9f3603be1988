"""Dead letters, and the sources from which they are read."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter. `name` is unique in its source. A value that the source does not have is None."""

    name: str
    batch_id: str | None
    since: datetime | None
    attempts: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class ResendResult:
    """The result for one dead letter. If `fault` is set, it was not resent and stays in its source."""

    name: str
    fault: str | None = None


class Source(Protocol):
    """A place with dead letters. Every call may raise Unavailable."""

    name: str

    async def list_all(self) -> list[DeadLetter]:
        """Return the dead letters without changing them."""

    def resend(self, names: Collection[str] | None) -> AsyncIterator[ResendResult]:
        """Resend the dead letters with these names, or all, and remove them. Yields one result for each."""


def report_missing(names: Collection[str]) -> list[ResendResult]:
    """Return the results for dead letters that were not found."""
    fault = "The dead letter does not exist, or another process is handling it."
    return [ResendResult(name, fault) for name in sorted(names)]
