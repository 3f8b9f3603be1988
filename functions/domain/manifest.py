"""The references that a batch asked for, and which of them its result names."""

from array import array
from collections.abc import Iterable, Iterator
from uuid import UUID

from functions.domain.ids import LENGTH

# How many of a reference's entries are remembered to tell a repeated one.
REMEMBERED_ENTRIES = 8


class Manifest:
    """The ids asked for, in the order asked, in memory that depends on their number and not on the result's size.

    A reference's key is the 16 bytes of its id; a fingerprint is a whole number of 64 bits.
    """

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        # None until an entry names it; then the fingerprint of its only one, as most have, or those of its last ones.
        self._seen: dict[bytes, int | array[int] | tuple[()] | None] = {item.bytes: None for item in reference_ids}

    def __contains__(self, reference_id: UUID) -> bool:
        return reference_id.bytes in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def key(self, reference_id: str) -> bytes | None:
        """Return the key of a reference that was asked for, if its id is spelled as we write it."""
        if len(reference_id) != LENGTH or reference_id[8:24:5] != "----" or reference_id != reference_id.lower():
            return None
        try:
            key = bytes.fromhex(reference_id.replace("-", ""))
        except ValueError:
            return None
        return key if key in self._seen else None

    def name(self, key: bytes) -> None:
        """Note that an entry names the reference with this key; one that was not asked for is not noted."""
        if self._seen.get(key, ()) is None:
            self._seen[key] = ()

    def repeats(self, key: bytes, fingerprint: int) -> bool:
        """Say whether an entry with this fingerprint is among the reference's last ones, and remember it if not."""
        known = self._seen[key]
        if known is None:
            self._seen[key] = fingerprint
            return False
        several = (known,) if isinstance(known, int) else known
        if fingerprint in several:
            return True
        self._seen[key] = array("q", (*several[-REMEMBERED_ENTRIES + 1 :], fingerprint))
        return False

    def missing(self) -> Iterator[UUID]:
        """Yield the references that no entry names, in the order asked."""
        return (UUID(bytes=key) for key, entries in self._seen.items() if entries is None)
