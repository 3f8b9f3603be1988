"""Ids that the exchange makes. Published clients accept version 4 UUIDs only, so derived ids carry version 4 too."""

import hashlib
from uuid import UUID, uuid4

BUCKETS = 256
UUID_TEXT_LENGTH = 36


def new_id() -> UUID:
    """Return a new random id."""
    return uuid4()


def derive_id(*parts: str | int | UUID) -> UUID:
    """Return an id that depends only on these parts, so that repeating an operation yields the same id."""
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)


def bucket_of(reference_id: UUID | str) -> str:
    """Return the bucket of a reference: the partition key that it shares with its enhancements, one of `BUCKETS`."""
    return str(reference_id)[:2]
