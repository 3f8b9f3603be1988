"""Reading an uploaded list of reference ids, line by line.

A line is an id, or a JSON string with the id, or a JSON object with it. The list may have a million ids and be wrong in
every line. So only the first faults are kept, and an id that was seen takes 20 bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder
from pydantic import UUID4, TypeAdapter

from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.domain.errors import InputRejected, TooLarge
from exchange.domain.ids import BUCKETS
from exchange.domain.lines import LineSplitter
from exchange.domain.report import to_one_line
from exchange.domain.result_format import find_encoding_fault

_MAX_LINE_BYTES = 1 << 16
_NAMED_FAULTS = 10
_SHOWN_CHARACTERS = 60
_ID_BYTES = 16
_NUMBER_BYTES = 4

_UUID4: TypeAdapter[UUID] = TypeAdapter(UUID4)


class _WithId(Struct):
    """A JSON object with an id. An enhancement has an id of its own, and that of its reference."""

    reference_id: str | None = None
    id: str | None = None


_decode = Decoder(str | _WithId).decode


class ListedId(NamedTuple):
    """An id, and the number of its line, counted from 1."""

    line: int
    id: UUID


class ListFaults:
    """The faults of a list: how many there are, and the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[tuple[int, str]] = []

    def add(self, line: int, reason: str) -> None:
        """Add a fault of this line."""
        self.count += 1
        if len(self._first) < _NAMED_FAULTS or line < self._first[-1][0]:
            self._first = sorted([*self._first, (line, reason)])[:_NAMED_FAULTS]

    def check(self) -> None:
        """Raise InputRejected if there is a fault."""
        if not self.count:
            return
        named = "; ".join(f"line {line}: {reason}" for line, reason in self._first)
        faults = "1 fault" if self.count == 1 else f"{self.count} faults"
        first = f". The first {_NAMED_FAULTS}" if self.count > _NAMED_FAULTS else ""
        raise InputRejected(f"The list of references has {faults}{first}: {named}.")


class IdLines:
    """The lines of a list, of which at most `limit` may have an id."""

    def __init__(self, limit: int) -> None:
        self.faults = ListFaults()
        self.count = 0
        self._limit = limit
        self._lines = LineSplitter(_MAX_LINE_BYTES)
        self._number = 0
        self._started = False
        # By their first bytes, so that those of one bucket can be compared in little memory.
        self._seen = [bytearray() for _ in range(BUCKETS)]

    def read(self, data: bytes) -> Sequence[ListedId]:
        """Return the ids in this piece of the file. Raises InputRejected, and TooLarge if there are too many ids."""
        if not self._started:
            self._started = True
            fault = find_encoding_fault(data, "The list of references")
            if fault is not None:
                raise InputRejected(fault)
            data = data.removeprefix(BYTE_ORDER_MARK)
        return list(self._read(self._lines.feed(data)))

    def end(self) -> Sequence[ListedId]:
        """Return the id in the last line, if that has no line feed. Raises like `read`."""
        return list(self._read(self._lines.end()))

    def find_repeated(self) -> None:
        """Add the lines to the faults that repeat an id of an earlier line."""
        for bucket in self._seen:
            known: set[bytes] = set()
            for start in range(0, len(bucket), _ID_BYTES + _NUMBER_BYTES):
                item = bytes(bucket[start : start + _ID_BYTES])
                if item in known:
                    number = int.from_bytes(bucket[start + _ID_BYTES : start + _ID_BYTES + _NUMBER_BYTES], "big")
                    self.faults.add(number, f"{UUID(bytes=item)} is repeated")
                known.add(item)

    def _read(self, lines: Iterable[bytes | None]) -> Iterator[ListedId]:
        for line in lines:
            self._number += 1
            if line is None:
                self.faults.add(self._number, f"it is longer than {_MAX_LINE_BYTES} bytes")
                continue
            text = line.strip()
            try:
                found = _parse(text) if text else None
            except ValueError:
                self.faults.add(self._number, f"{_shorten(text)} is not the id of a reference")
                continue
            if found is not None:
                yield self._record(found)

    def _record(self, found: UUID) -> ListedId:
        self.count += 1
        if self.count > self._limit:
            raise TooLarge(f"The list of references may have at most {self._limit} ids. It has more.")
        self._seen[found.bytes[0]] += found.bytes + self._number.to_bytes(_NUMBER_BYTES, "big")
        return ListedId(self._number, found)


def _parse(text: bytes) -> UUID | None:
    """Return the id. None if the object has none, like a reference that could not be loaded. Raises ValueError."""
    if text[:1] not in (b"{", b'"'):
        return _UUID4.validate_python(text.decode())
    try:
        value = _decode(text)
    except (MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if isinstance(value, str):
        return _UUID4.validate_python(value)
    found = value.reference_id or value.id
    return None if found is None else _UUID4.validate_python(found)


def _shorten(text: bytes) -> str:
    shown = to_one_line(text[: 4 * _SHOWN_CHARACTERS].decode(errors="replace"))
    return f"'{shown}'" if len(shown) <= _SHOWN_CHARACTERS else f"'{shown[:_SHOWN_CHARACTERS]} …'"
