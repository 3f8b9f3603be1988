"""What a dead letter is, wherever it lies."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One of them; `name` is its own within its box. What it does not say is None."""

    name: str
    batch: str | None
    since: datetime | None
    tries: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Resent:
    """What became of one; `fault` says why it was left where it is."""

    name: str
    fault: str | None = None


class Box(Protocol):
    """A place where dead letters lie. Every call may raise Unavailable."""

    name: str

    async def letters(self) -> list[Letter]:
        """Look at them; nothing changes."""

    def resend(self, names: Collection[str] | None) -> AsyncIterator[Resent]:
        """Send these again, or all, each once; whatever was not done with stays where it is."""


def not_there(names: Collection[str]) -> list[Resent]:
    """Say of each of these that there is none."""
    return [Resent(name, "There is no such dead letter, or somebody else has it in hand.") for name in sorted(names)]
