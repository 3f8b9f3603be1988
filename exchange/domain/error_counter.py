"""The messages of a report, and how often each occurs."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from exchange.contract.reports import BatchError, BatchErrors, EntryKind

MAX_LISTED = 1_000
MAX_EXAMPLES = 5
# A robot can send a different message for each entry. This many are counted, which bounds the memory.
_MAX_COUNTED = 10_000


class _Key(NamedTuple):
    kind: EntryKind
    message: str


class ErrorCounter:
    """Counts messages by kind and text, and remembers the first references that have them."""

    def __init__(self) -> None:
        self._counts: dict[_Key, int] = {}
        self._examples: dict[_Key, list[str]] = {}
        self._overflowed = False

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, kind: EntryKind, message: str, reference_id: str | None, count: int = 1) -> None:
        """Count a message, `count` times."""
        key = _Key(kind, message)
        if key not in self._counts and len(self._counts) >= _MAX_COUNTED:
            self._overflowed = True
            return
        self._counts[key] = self._counts.get(key, 0) + count
        if reference_id is not None:
            self._add_example(key, reference_id)

    def add_all(self, errors: BatchErrors) -> None:
        """Count the messages of another report."""
        self._overflowed = self._overflowed or errors.truncated
        for error in errors.errors:
            self.add(error.kind, error.message, None, error.count)
            for reference_id in error.examples:
                self._add_example(_Key(error.kind, error.message), str(reference_id))

    def _add_example(self, key: _Key, reference_id: str) -> None:
        if key not in self._counts:
            return
        examples = self._examples.setdefault(key, [])
        if len(examples) < MAX_EXAMPLES and reference_id not in examples:
            examples.append(reference_id)

    def summarize(self) -> BatchErrors:
        """Return the messages, most frequent first."""
        listed = list(self._list())
        return BatchErrors(errors=listed, truncated=self._overflowed or len(self._counts) > len(listed))

    def _list(self) -> Iterator[BatchError]:
        most_frequent = sorted(self._counts.items(), key=lambda item: -item[1])
        for key, count in most_frequent[:MAX_LISTED]:
            examples = [UUID(reference_id) for reference_id in self._examples.get(key, [])]
            yield BatchError(kind=key.kind, message=key.message, count=count, examples=examples)
