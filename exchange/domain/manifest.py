"""The references of a batch request, and which of them the result names."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from exchange.domain.room import Room

# Number of entries of one reference among which a duplicate is detected.
REMEMBERED_ENTRIES = 8


class _Named:
    """A reference that entries name: the fingerprints of its last entries, and how many are accepted."""

    __slots__ = ("entries", "fingerprints", "size")

    def __init__(self) -> None:
        self.fingerprints: list[int] = []
        self.entries = 0
        self.size = 0


class Manifest:
    """The requested ids, in the order of the request. Memory depends on their number, not on the size of the result.

    Ids are texts in canonical form. A fingerprint is a 64-bit integer.
    """

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        self._requested = dict.fromkeys(map(str, reference_ids))
        self._named: dict[str, _Named] = {}

    def __contains__(self, reference_id: str) -> bool:
        return reference_id in self._requested

    def mark_named(self, reference_id: str) -> None:
        """Record that an entry names this requested reference."""
        if reference_id not in self._named:
            self._named[reference_id] = _Named()

    def record(self, reference_id: str, fingerprint: int) -> bool:
        """Record an entry of this reference. Return False if one of its last entries has the same fingerprint."""
        named = self._named.get(reference_id)
        if named is None:
            named = self._named[reference_id] = _Named()
        known = named.fingerprints
        if fingerprint in known:
            return False
        known.append(fingerprint)
        if len(known) > REMEMBERED_ENTRIES:
            del known[0]
        return True

    def reserve(self, reference_id: str, size: int, room: Room) -> bool:
        """Count a recorded entry of this reference as accepted. Return False if there is no room for it."""
        named = self._named[reference_id]
        entries, total = named.entries + 1, named.size + size
        if entries > room.max_entries or total > room.max_bytes:
            return False
        named.entries, named.size = entries, total
        return True

    def has_accepted(self, reference_id: str) -> bool:
        """Return whether an entry of this reference is accepted."""
        named = self._named.get(reference_id)
        return named is not None and named.entries > 0

    def count_failed(self) -> int:
        """Count the references that are named, but have no accepted entry."""
        return sum(named.entries == 0 for named in self._named.values())

    def list_missing(self) -> Iterator[str]:
        """Yield the references that no entry names, in the order of the request."""
        return (reference_id for reference_id in self._requested if reference_id not in self._named)
