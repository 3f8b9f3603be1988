"""Ids of our own making. Existing clients refuse a UUID of another version than 4, so derived ones carry 4 too."""

import hashlib
from uuid import UUID, uuid4

BUCKETS = 256
# Of the text of an id.
LENGTH = 36
# The digit of a UUID that its variant stands in, by the digit that was there.
_VARIANTS = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}


def new_id() -> UUID:
    """Make an id that nothing else has."""
    return uuid4()


def derived_id(*parts: str | int | UUID) -> UUID:
    """Make the id that these parts always give, so that doing a thing again names it the same."""
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)


class DerivedIds:
    """The ids that are derived from one thing and a number: as `derived_id` makes them, but as text and quickly."""

    def __init__(self, whole: UUID) -> None:
        self._begun = hashlib.sha256(f"{whole}\x1f".encode())

    def number(self, number: int) -> str:
        """Give the text of `derived_id(whole, number)`."""
        hashed = self._begun.copy()
        hashed.update(b"%d" % number)
        digits = hashed.digest().hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def bucket_of(reference_id: UUID | str) -> str:
    """Name the partition that a reference and its enhancements share: one of `BUCKETS`."""
    return str(reference_id)[:2]
