"""What the store can't hold: refused at the door, with a reason, instead of found out when it is too late.

Cosmos DB keeps numbers as IEEE doubles, an item of at most 2 MB, and at most 128 levels of nesting.
"""

import math
from typing import Any

from functions.contract.base import LARGEST_INTEGER

DEEPEST = 128
# The item is the enhancement and a few fields of our own: leave them room in the 2 MB.
LARGEST_DOCUMENT = 1_900_000
# An enhancement's content lies a few levels deep in its item.
OWN_LEVELS = 3
# The one mark of ASCII that JSON lets stand and the SDK escapes.
_DELETE = b"\x7f"
# Escaped, it is six bytes for one; no mark grows more.
_MOST_GROWTH = 6


def unstorable(value: Any, depth: int = OWN_LEVELS) -> str | None:
    """Say why the store can't hold this JSON value, or None if it can."""
    match value:
        case dict() | list() if depth >= DEEPEST:
            return f"it is nested more than {DEEPEST} levels deep"
        case dict() | list():
            parts = (*value, *value.values()) if isinstance(value, dict) else value
            return next((reason for part in parts if (reason := unstorable(part, depth + 1)) is not None), None)
        case float() if not math.isfinite(value):
            return "NaN and Infinity are no JSON"
        case int() if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return "an integer past 2^53 would lose digits"
        case str() if not _encodable(value):
            return "a text holds half of a surrogate pair"
        case _:
            return None


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def too_large(text: bytes) -> bool:
    """Whether a document, as JSON text, is larger than the store takes."""
    return len(text) * _MOST_GROWTH > LARGEST_DOCUMENT and sent_size(text) > LARGEST_DOCUMENT


def sent_size(text: bytes) -> int:
    """Return the length in bytes that JSON text has on its way to the store, whose SDK escapes all beyond ASCII.

    It is exact but for numbers, which the SDK may write a little longer.
    """
    more = text.count(_DELETE) * 5
    if text.isascii():
        return len(text) + more
    marks = text.decode()
    # Those beyond ASCII are sent as \\uXXXX, once for each of their one or two units of UTF-16.
    ascii_marks = len(marks.encode("ascii", "ignore"))
    return ascii_marks + more + 6 * (len(marks.encode("utf-16-le")) // 2 - ascii_marks)
