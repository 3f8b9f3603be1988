"""The accepted entries of a validation, in the chunks in which they are imported."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from exchange.contract.enhancements import Visibility
from exchange.domain.origin import Origin
from exchange.domain.storable import compute_sent_size


@dataclass(frozen=True, slots=True)
class AcceptedEntry:
    """Entry number `entry` of a result, and its enhancement as JSON, as it is stored.

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


# An accepted line is what requestors read: the enhancement with the number of its entry as `line`. A space before it is
# invisible to readers of JSON. It marks an entry that is not the first accepted one of its reference.
_LATER = b" "
_LINE = "line"
_NUMBER = b'{"line":'
# How a hidden enhancement is written, by both parsers of results.
_HIDDEN = b'"visibility":"hidden"'


def format_accepted_line(entry: int, enhancement: bytes, origin: Origin, *, first: bool) -> bytes:
    """Return a line of the accepted blob. `first` says whether it is the first accepted entry of its reference."""
    mark = b"" if first else _LATER
    return b"%b%b%d,%b,%b\n" % (mark, _NUMBER, entry, enhancement[1:-1], origin.format_end(entry))


def convert_old_line(line: bytes, origin: Origin) -> bytes:
    """Return the accepted line for one of an older version, which did not contain the origin."""
    fields = from_json(line)
    number, enhancement = fields["entry"], fields["enhancement"]
    if enhancement.get("robot_version") is None and origin.robot_version is not None:
        enhancement["robot_version"] = origin.robot_version
    # The origin comes last: what a robot wrote under these names must not count.
    converted = to_json({_LINE: number, **enhancement, **origin.make_fields(number)})
    return converted if fields.get("first") else _LATER + converted


def _read_number(line: bytes) -> int:
    """Return the number of the entry in an accepted line."""
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

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, index: int) -> AcceptedEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[AcceptedEntry]: ...
    def __getitem__(self, index: int | slice) -> AcceptedEntry | list[AcceptedEntry]:
        if isinstance(index, slice):
            return [_parse(line) for line in self._lines[index]]
        return _parse(self._lines[index])

    def append(self, line: bytes) -> None:
        """Add the entry of one accepted line."""
        self._lines.append(line)

    @property
    def last_entry(self) -> int:
        """The number of the last entry, 0 if there is none."""
        return _read_number(self._lines[-1]) if self._lines else 0

    def count_references(self, refused: Container[int]) -> int:
        """Count the references whose first accepted entry is here, and is not one of the refused ones."""
        return sum(not line.startswith(_LATER) and _read_number(line) not in refused for line in self._lines)

    def format_public(self, refused: Container[int]) -> bytes:
        """Return the lines without the refused entries and the hidden enhancements.

        Requestors read them, and only operators may see what is hidden.
        """
        lines = (line for line in self._lines if _read_number(line) not in refused and not _is_hidden(line))
        return b"".join(line + b"\n" for line in lines)


def _parse(line: bytes) -> AcceptedEntry:
    enhancement = from_json(line)
    return AcceptedEntry(enhancement.pop(_LINE), enhancement, compute_sent_size(line))


def _is_hidden(line: bytes) -> bool:
    # The text may also be a part of the content, so it only saves parsing the other lines.
    return _HIDDEN in line and bool(from_json(line)["visibility"] == Visibility.HIDDEN)


@dataclass(slots=True)
class Chunk:
    """Accepted entries that are imported together. `end` is the byte offset of the next chunk in the accepted blob.

    `convert` makes the accepted line from a line of a blob that has another form.
    """

    max_entries: int
    max_bytes: int
    end: int
    convert: Callable[[bytes], bytes] | None = None
    entries: AcceptedEntries = field(default_factory=AcceptedEntries)
    size: int = 0

    def fill(self, lines: Iterable[bytes | None]) -> None:
        """Add lines until the chunk is full. The remaining lines are left for the next chunk."""
        for line in lines:
            if line is None or self.full:
                break
            self.entries.append(line if self.convert is None else self.convert(line))
            self.size += len(line) + 1
            self.end += len(line) + 1

    @property
    def full(self) -> bool:
        """Whether no more lines are added."""
        return len(self.entries) >= self.max_entries or self.size >= self.max_bytes


REFUSALS: TypeAdapter[list[Refusal]] = TypeAdapter(list[Refusal])
"""The JSON of the blob that holds a chunk's refusals."""
