import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.domain.entries import EntryValidator
from exchange.domain.lines import LineSplitter
from exchange.domain.manifest import Manifest
from exchange.domain.chunks import REFUSALS, AcceptedEntry, Refusal, Chunk
from tests.results import annotation, jsonl

BATCH, REFERENCE = uuid4(), uuid4()


def accepted_line(number: int, source: str = "s") -> bytes:
    return compact({"entry": number, "enhancement": {"reference_id": str(REFERENCE), "source": source}}).encode()


def compact(value: Any, *, plainly: bool = False) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=plainly)


def read(blob: bytes, offset: int, most_entries: int, most_bytes: int, chunk: int) -> Chunk:
    """Read one window as the import does: until it is full, or to the blob's end."""
    window = Chunk(BATCH, most_entries, most_bytes, offset)
    splitter = LineSplitter()
    for start in range(offset, len(blob), chunk):
        if chunk.fill(splitter.feed(blob[start : min(start + chunk, len(blob))])):
            break
    return window


@settings(max_examples=100, deadline=None)
@given(
    sources=st.lists(st.text(max_size=60), max_size=12),
    most_entries=st.integers(1, 13),
    most_bytes=st.integers(1, 2000),
    chunk=st.integers(1, 3000),
)
@example(sources=["s"] * 12, most_entries=4, most_bytes=10**6, chunk=10**6)
@example(sources=["文"] * 12, most_entries=100, most_bytes=1, chunk=7)
def test_windows_one_after_the_other_give_every_entry_once_and_in_order(
    sources: list[str], most_entries: int, most_bytes: int, chunk: int
) -> None:
    lines = [accepted_line(number, source) for number, source in enumerate(sources, 1)]
    blob = b"".join(line + b"\n" for line in lines)
    entries: list[AcceptedEntry] = []
    offset = 0
    while (window := read(blob, offset, most_entries, most_bytes, chunk)).entries:
        assert window.end - offset == window.size
        assert blob[offset : window.end].count(b"\n") == len(window.entries) <= most_entries
        assert window.size - len(lines[len(entries) + len(window.entries) - 1]) - 1 < most_bytes
        assert window.full or window.end == len(blob)
        entries += window.entries
        offset = window.end
    assert offset == len(blob)
    assert [entry.entry for entry in entries] == list(range(1, len(sources) + 1))
    assert [entry.enhancement["source"] for entry in entries] == sources


def test_what_a_validation_accepts_can_be_read() -> None:
    entries = [annotation(REFERENCE, source=f"{number} \u2028 文") for number in range(5)]
    checked = EntryValidator(Manifest([REFERENCE]), 10**6).validate(LineSplitter().feed(jsonl(*entries)))
    window = read(bytes(checked.accepted), 0, 100, 10**6, 64)
    assert [without_id(entry.enhancement) for entry in window.entries] == entries
    assert window.end == len(checked.accepted)


def test_a_full_window_takes_nothing_more() -> None:
    window = Chunk(BATCH, 1, 10**6, 100)
    assert chunk.fill([accepted_line(1), accepted_line(2)])
    before = (window.end, window.size)
    assert chunk.fill([accepted_line(3)])
    assert [entry.entry for entry in window.entries] == [1]
    assert (window.end, window.size) == before == (101 + len(accepted_line(1)), 1 + len(accepted_line(1)))


def test_an_entry_larger_than_a_window_has_one_to_itself() -> None:
    window = Chunk(BATCH, 10, 5, 0)
    assert chunk.fill([accepted_line(1), accepted_line(2)])
    assert [entry.entry for entry in window.entries] == [1]


@pytest.mark.parametrize(("room", "full"), [(0, True), (1, False)])
def test_a_window_is_full_at_its_last_byte(room: int, full: bool) -> None:  # noqa: FBT001
    window = Chunk(BATCH, 10, len(accepted_line(1)) + 1 + room, 0)
    assert chunk.fill([accepted_line(1)]) is full


def test_no_lines_leave_it_as_it_was() -> None:
    window = Chunk(BATCH, 2, 10, 77)
    assert not chunk.fill([])
    assert (list(window.entries), window.end, window.full) == ([], 77, False)


@pytest.mark.parametrize("source", ["s", "é", "文", "\U0001f9ea"])
def test_an_entrys_size_counts_marks_beyond_ascii_as_they_are_sent(source: str) -> None:
    window = Chunk(BATCH, 1, 10**6, 0)
    chunk.fill([accepted_line(7, source)])
    (entry,) = window.entries
    assert entry.size == len(compact({"entry": 7, "enhancement": entry.enhancement}, plainly=True))
    assert entry.reference_id == str(REFERENCE)


def test_refusals_are_read_as_they_were_written() -> None:
    refusals = [Refusal(3, "it is too large"), Refusal(12, "ż")]
    assert REFUSALS.validate_json(REFUSALS.dump_json(refusals)) == refusals
    assert REFUSALS.validate_json(REFUSALS.dump_json([])) == []


def without_id(enhancement: dict[str, Any]) -> dict[str, Any]:
    assert UUID(enhancement["id"]).version == 4
    return {name: value for name, value in enhancement.items() if name != "id"}
