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
        self._get_named(reference_id)

    def record(self, reference_id: str, fingerprint: int) -> bool:
        """Record an entry of this reference. Return False if one of its last entries has the same fingerprint."""
        known = self._get_named(reference_id).fingerprints
        if fingerprint in known:
            return False
        known.append(fingerprint)
        del known[:-REMEMBERED_ENTRIES]
        return True

    def reserve(self, reference_id: str, size: int, room: Room) -> bool:
        """Count an accepted entry of this reference. Return False if there is no room for it."""
        named = self._get_named(reference_id)
        if not room.fits(named.entries + 1, named.size + size):
            return False
        named.entries += 1
        named.size += size
        return True

    def list_missing(self) -> Iterator[str]:
        """Yield the references that no entry names, in the order of the request."""
        return (reference_id for reference_id in self._requested if reference_id not in self._named)

    def _get_named(self, reference_id: str) -> _Named:
        named = self._named.get(reference_id)
        if named is None:
            named = self._named[reference_id] = _Named()
        return named
