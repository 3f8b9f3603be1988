"""Many reference ids in little memory."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from functions.domain.ids import bucket_of

_BYTES = 16
_DIGITS = 2 * _BYTES
# What JSON and the usual spelling put around an id's digits.
_MARKS = b'[]"-, \n'


class ReferenceIds:
    """Ids in their order, 16 bytes each: an object a piece would take ten times as much."""

    def __init__(self, keys: bytes | bytearray = b"") -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys) // _BYTES

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(bytes=bytes(self._keys[at : at + _BYTES])) for at in range(0, len(self._keys), _BYTES))


class ReferenceIdsReader:
    """Reads the JSON of an array of ids that we wrote, piece by piece, in little more memory than the ids take."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._rest = b""

    def feed(self, text: bytes) -> None:
        """Read on; raises ValueError if this is no list of ids."""
        digits = self._rest + text.translate(None, _MARKS)
        whole = len(digits) - len(digits) % _DIGITS
        self._keys += bytes.fromhex(digits[:whole].decode())
        self._rest = digits[whole:]

    def end(self) -> ReferenceIds:
        """Return the ids; raises ValueError if the last one is no whole one."""
        if self._rest:
            raise ValueError("this is no list of ids")
        return ReferenceIds(self._keys)


class IdsByBucket:
    """Ids sorted into their buckets, by the name of each; the order within one is that in which they came."""

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        self._buckets: dict[str, bytearray] = {}
        for item in reference_ids:
            self._buckets.setdefault(bucket_of(item), bytearray()).extend(item.bytes)

    def groups(self, most: int) -> Iterator[tuple[str, ReferenceIds]]:
        """Yield the ids of one bucket after the other, in groups of at most so many."""
        for bucket, keys in self._buckets.items():
            for start in range(0, len(keys), most * _BYTES):
                yield bucket, ReferenceIds(keys[start : start + most * _BYTES])
