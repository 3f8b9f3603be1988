"""Compact collections of reference ids."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from exchange.domain.ids import bucket_of

_BYTES = 16
_DIGITS = 2 * _BYTES
# The characters around the digits of an id in JSON.
_SEPARATORS = b'[]"-, \n'


class ReferenceIds:
    """Ids in order, in 16 bytes each. UUID objects would take ten times as much."""

    def __init__(self, keys: bytes | bytearray = b"") -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys) // _BYTES

    def __iter__(self) -> Iterator[UUID]:
        return (UUID(bytes=bytes(self._keys[at : at + _BYTES])) for at in range(0, len(self._keys), _BYTES))


class ReferenceIdsReader:
    """Reads a JSON array of ids that we wrote, piece by piece. Needs little more memory than the ids."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._rest = b""

    def feed(self, text: bytes) -> None:
        """Read the next piece. Raises ValueError if it is not part of a list of ids."""
        digits = self._rest + text.translate(None, _SEPARATORS)
        whole = len(digits) - len(digits) % _DIGITS
        self._keys += bytes.fromhex(digits[:whole].decode())
        self._rest = digits[whole:]

    def end(self) -> ReferenceIds:
        """Return the ids. Raises ValueError if the last one is incomplete."""
        if self._rest:
            raise ValueError("not a list of ids")
        return ReferenceIds(self._keys)


class IdsByBucket:
    """Ids grouped by bucket. Within a bucket they keep their order."""

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        self._buckets: dict[str, bytearray] = {}
        for item in reference_ids:
            self._buckets.setdefault(bucket_of(item), bytearray()).extend(item.bytes)

    def groups(self, max_ids: int) -> Iterator[tuple[str, ReferenceIds]]:
        """Yield the ids bucket by bucket, in groups of at most `max_ids`."""
        for bucket, keys in self._buckets.items():
            for start in range(0, len(keys), max_ids * _BYTES):
                yield bucket, ReferenceIds(keys[start : start + max_ids * _BYTES])
