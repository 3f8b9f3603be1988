"""The references of a batch request, and which of them the result names."""

from array import array
from collections.abc import Iterable, Iterator
from uuid import UUID

from exchange.domain.ids import UUID_TEXT_LENGTH

# Number of entries of one reference among which a duplicate is detected.
REMEMBERED_ENTRIES = 8


class Manifest:
    """The requested ids, in the order of the request. Memory depends on their number, not on the size of the result.

    The key of a reference is the 16 bytes of its id. A fingerprint is a 64-bit integer.
    """

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        # None until an entry names the reference. Then the fingerprint of its only entry (the usual case), or the
        # fingerprints of its last entries.
        self._seen: dict[bytes, int | array[int] | tuple[()] | None] = {item.bytes: None for item in reference_ids}

    def __contains__(self, reference_id: UUID) -> bool:
        return reference_id.bytes in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def find_key(self, reference_id: str) -> bytes | None:
        """Return the key of a requested reference. None if it was not requested or is not in canonical form."""
        has_dashes = len(reference_id) == UUID_TEXT_LENGTH and reference_id[8:24:5] == "----"
        if not has_dashes or reference_id != reference_id.lower():
            return None
        try:
            key = bytes.fromhex(reference_id.replace("-", ""))
        except ValueError:
            return None
        return key if key in self._seen else None

    def mark_named(self, key: bytes) -> None:
        """Record that an entry names the reference with this key. Ignored if the reference was not requested."""
        if self._seen.get(key, ()) is None:
            self._seen[key] = ()

    def record(self, key: bytes, fingerprint: int) -> bool:
        """Record an entry of this reference. Return False if one of its last entries has the same fingerprint."""
        known = self._seen[key]
        if known is None:
            self._seen[key] = fingerprint
            return True
        several = (known,) if isinstance(known, int) else known
        if fingerprint in several:
            return False
        self._seen[key] = array("q", (*several[-REMEMBERED_ENTRIES + 1 :], fingerprint))
        return True

    def list_missing(self) -> Iterator[UUID]:
        """Yield the references that no entry names, in the order of the request."""
        return (UUID(bytes=key) for key, entries in self._seen.items() if entries is None)
