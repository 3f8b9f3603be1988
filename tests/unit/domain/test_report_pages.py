import json
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.contract.reports import BatchEntries, BatchEntriesQuery, BatchEntry, EntryKind
from exchange.domain.errors import InputRejected
from exchange.domain.report_pages import PageReader

ONE, TWO = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "12")
ADDED = "Enhancement added."
PAGE_BYTES = 1000


def make_report(entries: int) -> bytes:
    kinds = list(EntryKind)
    lines = []
    for number in range(1, entries + 1):
        kind = kinds[number % len(kinds)]
        reference_id = None if kind is EntryKind.UNREADABLE else str((ONE, TWO)[number % 2])
        error = None if kind is EntryKind.ADDED else f"żółć {number}"
        lines.append({"reference_id": reference_id, "error": error, "line": number, "kind": kind})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def read_page(report: bytes, query: BatchEntriesQuery, piece_bytes: int = 64) -> BatchEntries:
    page = PageReader(query, ADDED)
    offset = max(page.end - 1, 0)
    part = report[offset : offset + PAGE_BYTES]
    for start in range(0, len(part), piece_bytes):
        page.read(part[start : start + piece_bytes])
        if page.full:
            break
    return page.finish(PAGE_BYTES)


@settings(max_examples=100, deadline=None)
@given(
    entries=st.integers(0, 40),
    limit=st.integers(1, 12),
    kind=st.none() | st.sampled_from(EntryKind),
    reference_id=st.none() | st.sampled_from([ONE, TWO]),
    piece_bytes=st.integers(1, 200),
)
def test_the_pages_together_have_every_entry_that_matches(
    entries: int, limit: int, kind: EntryKind | None, reference_id: UUID | None, piece_bytes: int
) -> None:
    report = make_report(entries)
    found, continuation = [], None
    for _ in range(100):
        query = BatchEntriesQuery(kind=kind, reference_id=reference_id, limit=limit, continuation=continuation)
        page = read_page(report, query, piece_bytes)
        assert len(page.entries) <= limit
        found += page.entries
        if (continuation := page.continuation) is None:
            break
    assert continuation is None
    everything = read_all(report)
    assert found == [
        entry for entry in everything if kind in {None, entry.kind} and reference_id in {None, entry.reference_id}
    ]
    assert [entry.line for entry in everything] == list(range(1, entries + 1))


def read_all(report: bytes) -> list[BatchEntry]:
    page = PageReader(BatchEntriesQuery(limit=1000), ADDED)
    page.read(report)
    return list(page.finish(len(report) + 1).entries)


def test_an_added_entry_has_the_sentence_of_the_report() -> None:
    line = json.dumps({"reference_id": str(ONE), "error": None, "line": 1, "kind": "added"}).encode() + b"\n"
    (entry,) = read_page(line, BatchEntriesQuery()).entries
    assert (entry.message, entry.kind, entry.reference_id) == (ADDED, EntryKind.ADDED, ONE)


@pytest.mark.parametrize("continuation", ["1", "50", "999999999999999"])
def test_a_page_that_does_not_start_a_line_is_refused(continuation: str) -> None:
    with pytest.raises(InputRejected, match="does not belong to this report"):
        read_page(make_report(3), BatchEntriesQuery(continuation=continuation))
