"""What Cosmos DB cannot store. It is refused on input, with a reason, before anything is written.

Cosmos DB stores numbers as IEEE doubles, items of at most 2 MB, and at most 128 levels of nesting.
"""

import json
import math
from typing import Any

from exchange.contract.base import MAX_INTEGER

MAX_DEPTH = 128
# The item has a few more fields than the enhancement. They need room in the 2 MB.
MAX_DOCUMENT_BYTES = 1_900_000
# Levels of the item above an enhancement's content.
OWN_LEVELS = 3
# An escaped character needs at most six times its bytes.
_MAX_GROWTH = 6


def find_storage_fault(value: Any, depth: int = OWN_LEVELS) -> str | None:
    """Return the reason why the store cannot hold this JSON value. None if it can."""
    match value:
        case dict() | list() if depth >= MAX_DEPTH:
            return f"it is nested more than {MAX_DEPTH} levels deep"
        case dict() | list():
            parts = (*value, *value.values()) if isinstance(value, dict) else value
            return next((reason for part in parts if (reason := find_storage_fault(part, depth + 1)) is not None), None)
        case float() if not math.isfinite(value):
            return "a number is not finite (NaN, Infinity, or beyond the range of a double)"
        case int() if not -MAX_INTEGER <= value <= MAX_INTEGER:
            return "an integer beyond 2^53 would lose digits"
        case str() if not _encodable(value):
            return "a string contains half of a surrogate pair"
        case _:
            return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_too_large(text: bytes) -> bool:
    """Return whether a document, given as JSON text, is larger than the store accepts."""
    return len(text) * _MAX_GROWTH > MAX_DOCUMENT_BYTES and compute_sent_size(text) > MAX_DOCUMENT_BYTES


def compute_sent_size(text: bytes) -> int:
    """Return the length in bytes of JSON text as the SDK sends it to the store, with all beyond ASCII escaped.

    The length is exact except for numbers, which the SDK may write a little longer.
    """
    # The SDK escapes characters with this function. On a whole text it also adds a quote at each end, and a backslash
    # before each quote and backslash.
    return len(json.dumps(text.decode())) - 2 - text.count(b'"') - text.count(b"\\")
