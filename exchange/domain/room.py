"""How much one reference may hold: in one result, and in the store."""

from dataclasses import dataclass

NO_ROOM = "the store has no room for this reference"


@dataclass(frozen=True, slots=True)
class Room:
    """The maximum number of enhancements of one reference, and of their bytes together."""

    max_entries: int
    max_bytes: int

    def fits(self, entries: int, size: int) -> bool:
        """Return whether so many enhancements of so many bytes together are within both limits."""
        return entries <= self.max_entries and size <= self.max_bytes

    def __str__(self) -> str:
        return f"{self.max_entries} enhancements and {self.max_bytes} bytes"
