"""A reference in pieces, so that one with many enhancements is never whole in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from exchange.contract.base import to_jsonl, to_time
from exchange.contract.enhancements import Visibility
from exchange.contract.references import Reference, StoredEnhancement

_EARLIEST = to_time(0)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ReferencePart:
    """A reference with the next of its enhancements, newest first.

    Only the last part, or the only one, may be without enhancements.
    """

    reference: Reference
    first: bool = True
    last: bool = True

    def to_jsonl(self) -> bytes:
        """Return the part's share of the reference's line in a JSONL file."""
        if self.first and self.last:
            return to_jsonl(self.reference)
        items = b",".join(to_jsonl(item).rstrip(b"\n") for item in self.reference.enhancements or [])
        if self.first:
            line = to_jsonl(self.reference.model_copy(update={"enhancements": []}))
            return line.removesuffix(_END) + items
        return (b"," if items else b"") + items + (_END if self.last else b"")


# How a line ends: `enhancements` is the last field.
_END = b"]}\n"


@dataclass(frozen=True, slots=True)
class EnhancementFilter:
    """Which enhancements of a reference to read: the next `limit` after `continuation`."""

    limit: int
    continuation: str | None = None
    include_hidden: bool = True

    def accepts(self, visibility: str, sort_key: str) -> bool:
        """Return whether an enhancement is one of those to read, if there is room for it."""
        if visibility == Visibility.HIDDEN and not self.include_hidden:
            return False
        return self.continuation is None or sort_key < self.continuation


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """A reference with some of its enhancements. `continuation` requests the next ones and is None at the end."""

    reference: Reference
    continuation: str | None


def make_sort_key(created_at: datetime | None, enhancement_id: UUID | str) -> str:
    """Return the text by which enhancements are sorted: by time, then by id, so that the order is always the same."""
    return f"{((created_at or _EARLIEST) - _EARLIEST) // _MICROSECOND:018}-{str(enhancement_id).replace('-', '')}"


def get_sort_key(enhancement: StoredEnhancement) -> str:
    """Return the sort key of an enhancement."""
    return make_sort_key(enhancement.created_at, str(enhancement.id))


def sort_newest_first(enhancements: Iterable[StoredEnhancement]) -> list[StoredEnhancement]:
    """Sort in the order of the sort keys. A snapshot sorts every enhancement, so the keys themselves are too slow."""
    return sorted(enhancements, key=lambda item: (item.created_at or _EARLIEST, str(item.id)), reverse=True)


def cut_page(reference: Reference, wanted: EnhancementFilter) -> ReferencePage:
    """Return the page of a reference whose enhancements are all known."""
    items = [
        item
        for item in sort_newest_first(reference.enhancements or [])
        if wanted.accepts(item.visibility, get_sort_key(item))
    ]
    return make_page(reference, items[: wanted.limit], complete=len(items) <= wanted.limit)


def make_page(reference: Reference, enhancements: Sequence[StoredEnhancement], *, complete: bool) -> ReferencePage:
    """Return a page with these enhancements."""
    continuation = None if complete or not enhancements else get_sort_key(enhancements[-1])
    return ReferencePage(reference.model_copy(update={"enhancements": list(enhancements)}), continuation)
