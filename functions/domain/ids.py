"""Ids of our own making. Existing clients refuse a UUID of another version than 4, so derived ones carry 4 too."""

import hashlib
from uuid import UUID, uuid4

BUCKETS = 256


def new_id() -> UUID:
    """Make an id that nothing else has."""
    return uuid4()


def derived_id(*parts: str | int | UUID) -> UUID:
    """Make the id that these parts always give, so that doing a thing again names it the same."""
    text = "\x1f".join(str(part) for part in parts)
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)


def bucket_of(reference_id: UUID | str) -> str:
    """Name the partition that a reference and its enhancements share: one of `BUCKETS`."""
    return str(reference_id)[:2]
