"""The accepted entries of a validation, in the chunks in which they are imported."""

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import InitVar, dataclass, field
from typing import Any, overload
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from exchange.contract.base import escape_separators, to_time_text
from exchange.contract.enhancements import Visibility
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


# The start of an accepted line whose entry is the first accepted one of its reference.
_FIRST = b'{"first":true,'
_NUMBER = b'"entry":'
_ENHANCEMENT = b',"enhancement":'
# How a hidden enhancement is written, by both parsers of results.
_HIDDEN = b'"visibility":"hidden"'


def format_accepted_line(entry: int, enhancement: bytes, *, first: bool) -> bytes:
    """Return a line of the accepted blob. `first` says whether it is the first accepted entry of its reference."""
    return b"%b%b%d%b%b}\n" % (_FIRST if first else b"{", _NUMBER, entry, _ENHANCEMENT, enhancement)


def _read_number(line: bytes) -> int:
    """Return the number of the entry in a line of the accepted blob."""
    start = line.index(_NUMBER) + len(_NUMBER)
    return int(line[start : line.index(b",", start)])


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

    def __init__(self, batch_id: UUID, robot_id: UUID, delivered_at: float, robot_version: str | None = None) -> None:
        self._batch_id = batch_id
        self._robot_version = robot_version
        self._own_bytes = _OWN_FIELDS_BYTES
        if robot_version is not None:
            self._own_bytes += len(json.dumps({"robot_version": robot_version}, separators=(",", ":"))) - 1
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

    def extend(self, lines: Iterable[bytes | None]) -> None:
        """Add the entries of lines of the accepted blob. None of them is too long, so none is None."""
        self._lines.extend(line for line in lines if line is not None)

    @property
    def last_entry(self) -> int:
        """The number of the last entry, 0 if there is none."""
        return _read_number(self._lines[-1]) if self._lines else 0

    def count_references(self, refused: Container[int]) -> int:
        """Count the references whose first accepted entry is here, and is not one of the refused ones."""
        return sum(line.startswith(_FIRST) and _read_number(line) not in refused for line in self._lines)

    def format_enhancements(self, refused: Container[int]) -> bytes:
        """Return the JSONL of the enhancements with their own fields, without the refused entries and the hidden ones.

        Requestors read it, and only operators may see what is hidden.
        """
        lines = ((_read_number(line), line) for line in self._lines if not self._is_hidden(line))
        return escape_separators(
            b"".join(self._format(number, line) for number, line in lines if number not in refused)
        )

    def _is_hidden(self, line: bytes) -> bool:
        # The text may also be a part of the content, so it only saves parsing the other lines.
        return _HIDDEN in line and self._parse(line).enhancement["visibility"] == Visibility.HIDDEN

    def _format(self, number: int, line: bytes) -> bytes:
        """Return the line of an enhancement: what `_parse` returns, as JSON. Usually it need not be parsed."""
        if self._robot_version is not None:
            return to_json(self._parse(line).enhancement) + b"\n"
        own = to_json({"id": derive_id(self._batch_id, number), **self._origin})
        start = line.index(_ENHANCEMENT) + len(_ENHANCEMENT)
        return b"%b,%b\n" % (line[start:-2], own[1:])

    def _parse(self, line: bytes) -> AcceptedEntry:
        fields = from_json(line)
        number = fields["entry"]
        # Our fields come last: what a robot writes under these names must not count.
        enhancement = {**fields["enhancement"], "id": str(derive_id(self._batch_id, number)), **self._origin}
        if self._robot_version is not None and enhancement.get("robot_version") is None:
            enhancement["robot_version"] = self._robot_version
        return AcceptedEntry(number, enhancement, compute_sent_size(line) + self._own_bytes)


@dataclass(slots=True)
class Chunk:
    """Accepted entries that are imported together. `end` is the byte offset of the next chunk in the accepted blob.

    `delivered_at` is the time of the robot's callback in seconds since the epoch. An enhancement that does not name a
    `robot_version` gets the given one.
    """

    batch_id: InitVar[UUID]
    robot_id: InitVar[UUID]
    delivered_at: InitVar[float]
    max_entries: int
    max_bytes: int
    end: int
    entries: AcceptedEntries = field(init=False)
    size: int = 0
    robot_version: InitVar[str | None] = None

    def __post_init__(self, batch_id: UUID, robot_id: UUID, delivered_at: float, robot_version: str | None) -> None:
        self.entries = AcceptedEntries(batch_id, robot_id, delivered_at, robot_version)

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
