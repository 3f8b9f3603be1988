"""The accepted entries of a validation, in the chunks in which they are imported."""

from collections.abc import Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any, overload
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json

from exchange.contract.base import to_time_text
from exchange.domain.ids import UUID_TEXT_LENGTH, derive_id
from exchange.domain.storable import compute_sent_size

# The length of what `_parse` adds: `"id":"...","created_at":"...","batch_request_id":"...","robot_id":"...",`.
_OWN_FIELDS_BYTES = 3 * UUID_TEXT_LENGTH + len("2026-01-01T00:00:00.000000Z") + 60


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """Entry number `entry` of a result, and its enhancement as JSON. The id depends only on the batch and the number.

    The enhancement's `created_at` is the time of the callback, so that importing it again writes the same.

    `size` is its length in bytes as the Cosmos DB SDK sends it, with every character beyond ASCII escaped.
    """

    entry: int
    enhancement: dict[str, Any]
    size: int

    @property
    def reference_id(self) -> str:
        """The id of the enhanced reference, in canonical form."""
        text: str = self.enhancement["reference_id"]
        return text


@dataclass(frozen=True, slots=True)
class Refusal:
    """An accepted entry that the store refused permanently, and the reason."""

    entry: int
    reason: str


class AcceptedEntries(Sequence[AcceptedEntry]):
    """Accepted entries, kept as the lines that they were read from: parsed objects need several times the memory.

    Each access parses the line again. If entries have many small values, the import needed 1.6 GiB for a chunk of
    objects and needs 0.2 GiB for a chunk of lines (`benchmarks/growth.py`).
    """

    def __init__(self, batch_id: UUID, robot_id: UUID, delivered_at: float) -> None:
        self._batch_id = batch_id
        self._origin = {
            "created_at": to_time_text(delivered_at),
            "batch_request_id": str(batch_id),
            "robot_id": str(robot_id),
        }
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> AcceptedEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[AcceptedEntry]: ...
    def __getitem__(self, index: int | slice) -> AcceptedEntry | list[AcceptedEntry]:
        if isinstance(index, slice):
            return [self._parse(line) for line in self._lines[index]]
        return self._parse(self._lines[index])

    def append(self, line: bytes) -> None:
        """Add the entry of one line of the accepted blob."""
        self._lines.append(line)

    def _parse(self, line: bytes) -> AcceptedEntry:
        fields = from_json(line)
        number = fields["entry"]
        # Our fields come last: what a robot writes under these names must not count.
        enhancement = {**fields["enhancement"], "id": str(derive_id(self._batch_id, number)), **self._origin}
        return AcceptedEntry(number, enhancement, compute_sent_size(line) + _OWN_FIELDS_BYTES)


@dataclass(slots=True)
class Chunk:
    """Accepted entries that are imported together. `end` is the byte offset of the next chunk in the accepted blob.

    `delivered_at` is the time of the robot's callback in seconds since the epoch.
    """

    batch_id: InitVar[UUID]
    robot_id: InitVar[UUID]
    delivered_at: InitVar[float]
    max_entries: int
    max_bytes: int
    end: int
    entries: AcceptedEntries = field(init=False)
    size: int = 0

    def __post_init__(self, batch_id: UUID, robot_id: UUID, delivered_at: float) -> None:
        self.entries = AcceptedEntries(batch_id, robot_id, delivered_at)

    def fill(self, lines: Iterable[bytes | None]) -> None:
        """Add lines until the chunk is full. The remaining lines are left for the next chunk."""
        for line in lines:
            if line is None or self.full:
                break
            self.entries.append(line)
            self.size += len(line) + 1
            self.end += len(line) + 1

    @property
    def full(self) -> bool:
        """Whether no more lines are added."""
        return len(self.entries) >= self.max_entries or self.size >= self.max_bytes


REFUSALS: TypeAdapter[list[Refusal]] = TypeAdapter(list[Refusal])
"""The JSON of the blob that holds a chunk's refusals."""
