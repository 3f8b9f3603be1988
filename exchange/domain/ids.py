"""Ids that the exchange makes. Published clients accept version 4 UUIDs only, so derived ids carry version 4 too."""

import hashlib
from uuid import UUID, uuid4

BUCKETS = 256
UUID_TEXT_LENGTH = 36
# The hex digit that holds a UUID's variant, by the digit that was there before.
_VARIANTS = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}


def new_id() -> UUID:
    """Return a new random id."""
    return uuid4()


def derive_id(*parts: str | int | UUID) -> UUID:
    """Return an id that depends only on these parts, so that repeating an operation yields the same id."""
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)


class DerivedIds:
    """Ids derived from one id and a number: the same as `derive_id`, but as text and faster."""

    def __init__(self, base: UUID) -> None:
        self._hash = hashlib.sha256(f"{base}\x1f".encode())

    def derive(self, number: int) -> str:
        """Return the text of `derive_id(base, number)`."""
        hashed = self._hash.copy()
        hashed.update(b"%d" % number)
        digits = hashed.digest().hex()
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def bucket_of(reference_id: UUID | str) -> str:
    """Return the bucket of a reference: the partition key that it shares with its enhancements, one of `BUCKETS`."""
    return str(reference_id)[:2]
