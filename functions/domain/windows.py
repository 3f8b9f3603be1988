"""The accepted entries of a validation, in the windows in which they are imported."""

from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any, overload
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json

from functions.domain.ids import LENGTH, DerivedIds
from functions.domain.storable import sent_size

# Of `"id":"...",`.
_BYTES_OF_ID = LENGTH + 8


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """Entry number `entry` of a result, and its enhancement as JSON, with an id that the same entry always gets.

    `size` is the length of all this in bytes, with every mark beyond ASCII escaped, as the store's SDK sends it.
    """

    entry: int
    enhancement: dict[str, Any]
    size: int

    @property
    def reference_id(self) -> str:
        """The id of the reference that it enhances, in the usual spelling."""
        text: str = self.enhancement["reference_id"]
        return text


@dataclass(frozen=True, slots=True)
class Refusal:
    """An accepted entry that the store refused for good, and why."""

    entry: int
    reason: str


class AcceptedEntries(Sequence[AcceptedEntry]):
    """Accepted entries that are kept as the lines that they were read from: objects would take several times as much.

    Each is read anew whenever it is asked for.
    """

    def __init__(self, batch_id: UUID) -> None:
        self._ids = DerivedIds(batch_id)
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> AcceptedEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[AcceptedEntry]: ...
    def __getitem__(self, index: int | slice) -> AcceptedEntry | list[AcceptedEntry]:
        if isinstance(index, slice):
            return [self._read(line) for line in self._lines[index]]
        return self._read(self._lines[index])

    def append(self, line: bytes) -> None:
        """Add the entry of a line of the accepted blob."""
        self._lines.append(line)

    def _read(self, line: bytes) -> AcceptedEntry:
        fields = from_json(line)
        number = fields["entry"]
        enhancement = {"id": self._ids.number(number), **fields["enhancement"]}
        return AcceptedEntry(number, enhancement, sent_size(line) + _BYTES_OF_ID)


@dataclass(slots=True)
class Window:
    """Accepted entries of a batch, imported together; `end` is where in the blob the next window begins (bytes)."""

    batch_id: InitVar[UUID]
    most_entries: int
    most_bytes: int
    end: int
    entries: AcceptedEntries = field(init=False)
    size: int = 0

    def __post_init__(self, batch_id: UUID) -> None:
        self.entries = AcceptedEntries(batch_id)

    def take(self, lines: Iterable[bytes | None]) -> bool:
        """Take lines until the window is full; say whether it is."""
        for line in lines:
            if line is None or self.full:
                break
            self.entries.append(line)
            self.size += len(line) + 1
            self.end += len(line) + 1
        return self.full

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return len(self.entries) >= self.most_entries or self.size >= self.most_bytes


REFUSALS: TypeAdapter[list[Refusal]] = TypeAdapter(list[Refusal])
"""How a window's refusals are kept in their blob."""
