"""The accepted entries of a validation, in the windows in which they are imported."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json

from functions.domain.storable import sent_size


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """A line of the accepted blob: entry number `entry` of the result, and its enhancement as JSON, with its id.

    `size` is the length of the line in bytes, with every mark beyond ASCII escaped, as the store's SDK sends it.
    """

    entry: int
    enhancement: dict[str, Any]
    size: int

    @property
    def reference_id(self) -> UUID:
        """The reference that it enhances."""
        return UUID(self.enhancement["reference_id"])


@dataclass(frozen=True, slots=True)
class Refusal:
    """An accepted entry that the store refused for good, and why."""

    entry: int
    reason: str


@dataclass(slots=True)
class Window:
    """Accepted entries that are imported together; `end` is where in the blob the next window begins (bytes)."""

    most_entries: int
    most_bytes: int
    end: int
    entries: list[AcceptedEntry] = field(default_factory=list)
    size: int = 0

    def take(self, lines: Iterable[bytes | None]) -> bool:
        """Take lines until the window is full; say whether it is."""
        for line in lines:
            if line is None or self.full:
                break
            self.entries.append(AcceptedEntry(**from_json(line), size=sent_size(line)))
            self.size += len(line) + 1
            self.end += len(line) + 1
        return self.full

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return len(self.entries) >= self.most_entries or self.size >= self.most_bytes


REFUSALS: TypeAdapter[list[Refusal]] = TypeAdapter(list[Refusal])
"""How a window's refusals are kept in their blob."""
