"""The report in pages."""

from typing import Any
from uuid import UUID

from pydantic_core import from_json

from exchange.contract.reports import BatchEntries, BatchEntriesQuery, BatchEntry, EntryKind
from exchange.domain.errors import InputRejected
from exchange.domain.lines import LineSplitter
from exchange.domain.report import infer_kind


class PageReader:
    """Collects the entries of a page from the JSONL report.

    `end` is the offset of the next line. At first it is where the page starts. The pieces to read start one byte before
    it, except at the start of the report.
    """

    def __init__(self, query: BatchEntriesQuery, added_message: str) -> None:
        self.end = int(query.continuation) if query.continuation else 0
        self._query = query
        self._added_message = added_message
        self._splitter = LineSplitter()
        self._entries: list[BatchEntry] = []
        self._bytes_read = 0
        # The line feed before the page.
        self._skips_first = self.end > 0

    @property
    def full(self) -> bool:
        """Whether the page has as many entries as it may have."""
        return len(self._entries) >= self._query.limit

    def read(self, piece: bytes) -> None:
        """Add the entries of the next piece of the report. Raises InputRejected if the page does not start a line."""
        self._bytes_read += len(piece)
        for line in self._splitter.feed(piece):
            if self.full or line is None:
                continue
            if self._skips_first:
                self._skips_first = False
                if line:
                    raise _wrong_continuation()
                continue
            self.end += len(line) + 1
            entry = self._to_entry(from_json(line))
            if self._query.kind in {None, entry.kind} and self._query.reference_id in {None, entry.reference_id}:
                self._entries.append(entry)

    def finish(self, max_bytes: int) -> BatchEntries:
        """Return the page. `max_bytes` were to be read: if there were fewer, the report ends here.

        Raises InputRejected if the page starts after the end of the report.
        """
        if self._skips_first:
            raise _wrong_continuation()
        has_more = self.full or self._bytes_read >= max_bytes
        return BatchEntries(entries=self._entries, continuation=str(self.end) if has_more else None)

    def _to_entry(self, line: dict[str, Any]) -> BatchEntry:
        reference_id, error = line["reference_id"], line["error"]
        return BatchEntry(
            line=line.get("line"),
            reference_id=None if reference_id is None else UUID(reference_id),
            kind=EntryKind(line.get("kind") or infer_kind(error)),
            message=self._added_message if error is None else error,
        )


def _wrong_continuation() -> InputRejected:
    return InputRejected("continuation does not belong to this report.")
