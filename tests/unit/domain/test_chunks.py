import json
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.domain.chunks import REFUSALS, AcceptedEntry, Chunk, Refusal, convert_old_line, format_accepted_line
from exchange.domain.entries import EntryValidator
from exchange.domain.ids import derive_id
from exchange.domain.lines import LineSplitter
from exchange.domain.manifest import Manifest
from tests.results import BATCH, ORIGIN, ORIGIN_FIELDS, annotation, jsonl

REFERENCE = uuid4()


def accepted_line(number: int, source: str = "s", *, first: bool = True) -> bytes:
    enhancement = {"reference_id": str(REFERENCE), "source": source, "visibility": "public"}
    return format_accepted_line(number, to_json(enhancement).encode(), ORIGIN, first=first).removesuffix(b"\n")


def to_json(value: Any, *, ascii_only: bool = False) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)


def read_chunk(blob: bytes, offset: int, max_entries: int, max_bytes: int, piece_bytes: int) -> Chunk:
    """Read one chunk as the import does: until it is full, or until the blob ends."""
    chunk = Chunk(max_entries, max_bytes, offset)
    splitter = LineSplitter()
    for start in range(offset, len(blob), piece_bytes):
        chunk.fill(splitter.feed(blob[start : min(start + piece_bytes, len(blob))]))
        if chunk.full:
            break
    return chunk


@settings(max_examples=100, deadline=None)
@given(
    sources=st.lists(st.text(max_size=60), max_size=12),
    max_entries=st.integers(1, 13),
    max_bytes=st.integers(1, 2000),
    piece_bytes=st.integers(1, 3000),
)
@example(sources=["s"] * 12, max_entries=4, max_bytes=10**6, piece_bytes=10**6)
@example(sources=["文"] * 12, max_entries=100, max_bytes=1, piece_bytes=7)
def test_consecutive_chunks_contain_every_entry_once_and_in_order(
    sources: list[str], max_entries: int, max_bytes: int, piece_bytes: int
) -> None:
    lines = [accepted_line(number, source) for number, source in enumerate(sources, 1)]
    blob = b"".join(line + b"\n" for line in lines)
    entries: list[AcceptedEntry] = []
    offset = 0
    while (chunk := read_chunk(blob, offset, max_entries, max_bytes, piece_bytes)).entries:
        assert chunk.end - offset == chunk.size
        assert blob[offset : chunk.end].count(b"\n") == len(chunk.entries) <= max_entries
        assert chunk.size - len(lines[len(entries) + len(chunk.entries) - 1]) - 1 < max_bytes
        assert chunk.full or chunk.end == len(blob)
        entries += chunk.entries
        offset = chunk.end
    assert offset == len(blob)
    assert [entry.entry for entry in entries] == list(range(1, len(sources) + 1))
    assert [entry.enhancement["source"] for entry in entries] == sources


def test_the_accepted_lines_of_a_validation_can_be_read() -> None:
    entries = [annotation(REFERENCE, source=f"{number} \u2028 文") for number in range(5)]
    validated = EntryValidator(Manifest([REFERENCE]), ORIGIN, 10**6).validate(LineSplitter().feed(jsonl(*entries)))
    chunk = read_chunk(bytes(validated.accepted), 0, 100, 10**6, 64)
    own = [{"id": str(derive_id(BATCH, number)), **ORIGIN_FIELDS} for number in range(1, 6)]
    assert [entry.enhancement for entry in chunk.entries] == [
        {**entry, **fields} for entry, fields in zip(entries, own, strict=True)
    ]
    assert chunk.end == len(validated.accepted)


def test_a_full_chunk_is_not_filled_further() -> None:
    chunk = Chunk(1, 10**6, 100)
    chunk.fill([accepted_line(1), accepted_line(2)])
    assert chunk.full
    before = (chunk.end, chunk.size)
    chunk.fill([accepted_line(3)])
    assert chunk.full
    assert [entry.entry for entry in chunk.entries] == [1]
    assert (chunk.end, chunk.size) == before == (101 + len(accepted_line(1)), 1 + len(accepted_line(1)))


def test_an_entry_larger_than_the_maximum_has_its_own_chunk() -> None:
    chunk = Chunk(10, 5, 0)
    chunk.fill([accepted_line(1), accepted_line(2)])
    assert chunk.full
    assert [entry.entry for entry in chunk.entries] == [1]


@pytest.mark.parametrize(("spare_bytes", "full"), [(0, True), (1, False)])
def test_a_chunk_is_full_at_exactly_its_maximum(spare_bytes: int, full: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    chunk = Chunk(10, len(accepted_line(1)) + 1 + spare_bytes, 0)
    chunk.fill([accepted_line(1)])
    assert chunk.full is full


def test_filling_with_no_lines_changes_nothing() -> None:
    chunk = Chunk(2, 10, 77)
    chunk.fill([])
    assert (list(chunk.entries), chunk.end, chunk.full) == ([], 77, False)


@pytest.mark.parametrize("source", ["s", "é", "文", "\U0001f9ea"])
def test_the_size_of_an_entry_counts_characters_beyond_ascii_as_they_are_sent(source: str) -> None:
    chunk = Chunk(1, 10**6, 0)
    chunk.fill([accepted_line(7, source)])
    (entry,) = chunk.entries
    assert entry.size == len(to_json({"line": 7, **entry.enhancement}, ascii_only=True))
    assert entry.reference_id == str(REFERENCE)


@pytest.mark.parametrize("first", [True, False])
def test_what_marks_a_later_entry_is_invisible_to_readers_of_json(first: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    line = accepted_line(7, first=first)
    chunk = Chunk(10, 10**6, 0)
    chunk.fill([line])
    assert json.loads(line)["line"] == 7
    assert chunk.entries[0].entry == chunk.entries.last_entry == 7
    assert chunk.entries.count_references(set()) == first
    assert chunk.entries.count_references({7}) == 0


def test_requestors_read_neither_refused_nor_hidden_enhancements() -> None:
    lines = [accepted_line(number, '"visibility":"hidden"') for number in range(1, 4)]
    hidden = lines[2].replace(b'"visibility":"public"', b'"visibility":"hidden"')
    chunk = Chunk(10, 10**6, 0)
    chunk.fill([*lines[:2], hidden, *lines[2:]])
    assert chunk.entries.format_public({1}) == lines[1] + b"\n" + lines[2] + b"\n"


class TestLinesOfAnOlderVersion:
    @pytest.mark.parametrize("mark", [{"first": True}, {}])
    @pytest.mark.parametrize(
        ("given", "stored"), [({}, "2 文"), ({"robot_version": None}, "2 文"), ({"robot_version": "1"}, "1")]
    )
    def test_they_get_their_origin(self, mark: dict[str, Any], given: dict[str, Any], stored: str) -> None:
        enhancement = {"reference_id": str(REFERENCE), "source": "s", **given}
        old = to_json({**mark, "entry": 7, "enhancement": {**enhancement, "robot_id": "forged"}}).encode()
        origin = replace(ORIGIN, robot_version="2 文")
        chunk = Chunk(10, 10**6, 0, partial(convert_old_line, origin=origin))
        chunk.fill([old])
        (entry,) = chunk.entries
        own = {"id": str(derive_id(BATCH, 7)), **ORIGIN_FIELDS}
        assert (entry.entry, entry.enhancement) == (7, {**enhancement, "robot_version": stored, **own})
        assert chunk.end == chunk.size == len(old) + 1
        assert chunk.entries.count_references(set()) == len(mark)
        assert chunk.entries.last_entry == 7


def test_refusals_are_read_back_unchanged() -> None:
    refusals = [Refusal(3, "it is too large"), Refusal(12, "ż")]
    assert REFUSALS.validate_json(REFUSALS.dump_json(refusals)) == refusals
    assert REFUSALS.validate_json(REFUSALS.dump_json([])) == []
