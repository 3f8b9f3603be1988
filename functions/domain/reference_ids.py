"""Many reference ids in little memory."""

from collections.abc import Iterable, Iterator
from typing import Self
from uuid import UUID

from functions.domain.ids import bucket_of

_BYTES = 16
# What JSON and the usual spelling put around an id's digits.
_MARKS = b'[]"-, \n'


class ReferenceIds:
    """Ids in their order, 16 bytes each: an object a piece would take ten times as much."""

    def __init__(self, keys: bytes | bytearray = b"") -> None:
        self._keys = keys

    @classmethod
    def of_json(cls, text: bytes) -> Self:
        """Read an array of ids that we wrote; raises ValueError if that is not what it is."""
        keys = bytes.fromhex(text.translate(None, _MARKS).decode())
        if len(keys) % _BYTES:
            raise ValueError("this is no list of ids")
        return cls(keys)

    def __len__(self) -> int:
        return len(self._keys) // _BYTES

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(bytes=bytes(self._keys[at : at + _BYTES])) for at in range(0, len(self._keys), _BYTES))


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
