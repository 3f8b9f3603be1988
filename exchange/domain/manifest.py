"""The references of a batch request, and which of them the result names."""

from collections.abc import Iterable, Iterator
from uuid import UUID

# Number of entries of one reference among which a duplicate is detected.
REMEMBERED_ENTRIES = 8


class Manifest:
    """The requested ids, in the order of the request. Memory depends on their number, not on the size of the result.

    Ids are texts in canonical form. A fingerprint is a 64-bit integer.
    """

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        self._requested = dict.fromkeys(map(str, reference_ids))
        # The references that entries name, with the fingerprints of their last entries.
        self._fingerprints: dict[str, list[int]] = {}

    def __contains__(self, reference_id: str) -> bool:
        return reference_id in self._requested

    def mark_named(self, reference_id: str) -> None:
        """Record that an entry names this requested reference."""
        self._fingerprints.setdefault(reference_id, [])

    def record(self, reference_id: str, fingerprint: int) -> bool:
        """Record an entry of this reference. Return False if one of its last entries has the same fingerprint."""
        known = self._fingerprints.setdefault(reference_id, [])
        if fingerprint in known:
            return False
        known.append(fingerprint)
        del known[:-REMEMBERED_ENTRIES]
        return True

    def has_accepted(self, reference_id: str) -> bool:
        """Return whether an entry of this reference is recorded."""
        return bool(self._fingerprints.get(reference_id))

    def count_failed(self) -> int:
        """Count the references that are named, but have no recorded entry."""
        return sum(not fingerprints for fingerprints in self._fingerprints.values())

    def list_missing(self) -> Iterator[str]:
        """Yield the references that no entry names, in the order of the request."""
        return (reference_id for reference_id in self._requested if reference_id not in self._fingerprints)
