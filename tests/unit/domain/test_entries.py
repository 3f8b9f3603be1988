"""A robot's result, entry by entry: what each wrong one gets, and that it harms no other."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.domain import report
from exchange.domain.entries import ValidatedLines, EntryValidator
from exchange.domain.ids import derived_id
from exchange.domain.manifest import Manifest
from exchange.domain.storable import MAX_DOCUMENT_BYTES
from exchange.domain.chunks import Chunk
from tests.results import annotation

BATCH = UUID("b0000000-0000-4000-8000-000000000000")
ONE, TWO, THREE, STRANGER = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "1234")
LONGEST = 1 << 20


def validator() -> EntryValidator:
    return EntryValidator(Manifest([ONE, TWO, THREE]), LONGEST)


def line(entry: Any) -> bytes:
    return json.dumps(entry).encode()


def with_data(text: str) -> bytes:
    """Give an entry whose one annotation carries this JSON, which Python may not be able to hold."""
    label = {"annotation_type": "boolean", "scheme": "s", "label": "l", "value": True, "data": {"here": None}}
    entry = annotation(TWO, content={"enhancement_type": "annotation", "annotations": [label]})
    return line(entry).replace(b'"here": null', b'"here": ' + text.encode())


def said(checked: ValidatedLines) -> list[tuple[str | None, str | None]]:
    lines = checked.draft_report.decode().splitlines()
    return [(entry["reference_id"], entry["error"]) for entry in map(json.loads, lines)]


def kept(checked: ValidatedLines, batch_id: UUID = BATCH) -> list[dict[str, Any]]:
    """Read the accepted lines as the import does."""
    window = Chunk(batch_id, 10**6, 10**9, 0)
    chunk.fill(bytes(checked.accepted).split(b"\n")[:-1])
    assert window.end == len(checked.accepted)
    return [entry.enhancement for entry in window.entries]


UNREADABLE: list[tuple[bytes | None, str]] = [
    (None, "the line is longer than 1048576 bytes"),
    (b"not json", "Invalid JSON"),
    (b'{"reference_id": ', "Invalid JSON"),
    (b'{"message": "\xff"}', "Invalid JSON"),
    (b'{"message": "\\ud800"}', "Invalid JSON"),
    (b"\xef\xbb\xbf{}", "Invalid JSON"),
    (b"{} {}", "Invalid JSON"),
    (b"[" * 10_000 + b"]" * 10_000, "Invalid JSON"),
    (b"1" * 5000, "Invalid JSON"),
    (b"null", "neither an enhancement"),
    (b"[]", "neither an enhancement"),
    (b"{}", "neither an enhancement"),
    (line(annotation(TWO, content=None)), "neither an enhancement"),
    (line({"reference_id": str(TWO), "message": None}), "message: Input should be a valid string"),
    (line({"message": "no"}), "reference_id: Field required"),
    (line(annotation(TWO, source=7)), "source: Input should be a valid string"),
    (line(annotation(TWO, visibility="secret")), "visibility: "),
    (line(annotation(TWO, id="mine")), "id: Input should be a valid UUID"),
    (line(annotation("11111111-0000-1000-8000-000000000000")), "reference_id: UUID version 4"),
    (line(annotation(TWO, content={"enhancement_type": "nothing"})), "content: Input tag 'nothing'"),
    (line(annotation(TWO, content={"enhancement_type": "location", "locations": []})), "content.locations: "),
    (line(annotation(TWO, content="x")), "content: Input should be an object"),
    (line(annotation(TWO, content={"enhancement_type": "bibliographic", "cited_by_count": "1"})), "content.cited_by"),
]
UNSTORABLE = [
    (with_data("NaN"), "NaN and Infinity are no JSON"),
    (with_data("-Infinity"), "NaN and Infinity are no JSON"),
    (with_data("1e999"), "NaN and Infinity are no JSON"),
    (with_data("9007199254740993"), "an integer past 2^53 would lose digits"),
    (with_data("[" * 130 + "]" * 130), "it is nested more than 128 levels deep"),
    (
        line(annotation(TWO, content={"enhancement_type": "abstract", "process": "other", "abstract": "文" * 320_000})),
        "it is longer than 1900000 bytes",
    ),
]
WRONG: list[tuple[bytes | None, UUID | None, str]] = [
    *((wrong, None, f"Could not be read: {why}") for wrong, why in UNREADABLE),
    *((wrong, TWO, f"Can't be stored: {why}") for wrong, why in UNSTORABLE),
    (line(annotation(STRANGER)), STRANGER, report.NOT_REQUESTED),
    (line({"reference_id": str(STRANGER), "message": "no"}), STRANGER, report.NOT_REQUESTED),
    (line({"reference_id": str(TWO), "message": "no\r\nabstract"}), TWO, "The robot reported: no abstract"),
    (line(annotation(ONE)), ONE, report.REPEATED),
]


@pytest.mark.parametrize(("wrong", "subject", "why"), WRONG, ids=[why for _, _, why in WRONG])
def test_a_wrong_line_has_one_verdict_and_no_effect_on_others(
    wrong: bytes | None, subject: UUID | None, why: str
) -> None:
    checked = validator().check([line(annotation(ONE)), wrong, line(annotation(THREE))])
    first, (named, error), last = said(checked)
    assert (first, last) == ((str(ONE), None), (str(THREE), None))
    assert named == (str(subject) if subject else None)
    assert error is not None
    assert error.startswith(why)
    assert [item["reference_id"] for item in kept(checked)] == [str(ONE), str(THREE)]


def test_what_is_accepted_is_what_was_sent_under_an_id_of_ours() -> None:
    sent = annotation(TWO, id=str(STRANGER), robot_version=None, derived_from=[str(THREE)], unknown="ignored")
    (enhancement,) = kept(validator().check([line(sent)]))
    del sent["unknown"]
    assert enhancement == {**sent, "id": str(derived_id(BATCH, 1))}


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.text(max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(data=st.dictionaries(WORDS, JSON_VALUES, max_size=3), score=NUMBERS, words=WORDS)
@example(data={"\u2028": ["\x7f\x00", -0.0, 1e-7, 5e-324, 2**53]}, score=0.1 + 0.2, words="\U0001f9ea\r\n\x85")
def test_any_json_is_accepted_to_the_last_digit(data: dict[str, Any], score: float, words: str) -> None:
    label = {"annotation_type": "score", "scheme": words, "label": words, "score": score, "data": data}
    sent = annotation(TWO, source=words, content={"enhancement_type": "annotation", "annotations": [label]})
    (enhancement,) = kept(validator().check([json.dumps(sent, ensure_ascii=False).encode()]))
    del enhancement["id"]
    assert enhancement == sent
    assert repr(enhancement["content"]["annotations"][0]["data"]) == repr(data)


def test_ids_are_of_version_4_and_the_same_for_the_same_entry_of_the_same_batch() -> None:
    lines = [line(annotation(ONE)), b"wrong", line(annotation(TWO)), line(annotation(TWO, source="other"))]
    ids = [item["id"] for item in kept(validator().check(lines))]
    assert ids == [str(derived_id(BATCH, number)) for number in (1, 3, 4)]
    assert {UUID(item).version for item in ids} == {4}
    assert ids == [item["id"] for item in kept(validator().check(lines))]
    assert not set(ids) & {item["id"] for item in kept(validator().check(lines), STRANGER)}


def test_blank_lines_are_no_entries() -> None:
    entries = validator()
    checked = entries.check([b"", line(annotation(ONE)), b" \t\r", b"wrong", b"\r", line(annotation(TWO)) + b"\r"])
    assert (entries.entries, entries.accepted, len(said(checked))) == (3, 2, 3)
    assert [json.loads(item)["entry"] for item in checked.accepted.splitlines()] == [1, 3]


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        (lambda entry: dict(reversed(entry.items())), 1),
        (lambda entry: {**entry, "id": str(STRANGER), "unknown": 1}, 1),
        (lambda entry: {**entry, "source": "another"}, 2),
        (lambda entry: {**entry, "reference_id": str(TWO)}, 2),
        (lambda entry: {**entry, "robot_version": None}, 2),
    ],
)
def test_an_entry_is_repeated_if_all_it_says_was_said(
    change: Callable[[dict[str, Any]], dict[str, Any]], accepted: int
) -> None:
    entries = validator()
    checked = entries.check([line(annotation(ONE)), line(change(annotation(ONE)))])
    assert said(checked)[1][1] == (report.REPEATED if accepted == 1 else None)
    assert (entries.entries, entries.accepted) == (2, accepted)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ([], [ONE, TWO, THREE]),
        ([line(annotation(TWO))], [ONE, THREE]),
        ([line({"reference_id": str(THREE), "message": "no"}), with_data("NaN")], [ONE]),
        ([line(annotation(ONE, source=7)), None, b"wrong", line(annotation(STRANGER))], [ONE, TWO, THREE]),
        ([line(annotation(item)) for item in (THREE, ONE, TWO, ONE)], []),
    ],
)
def test_a_reference_is_missing_if_no_readable_entry_names_it(
    lines: Sequence[bytes | None], missing: list[UUID]
) -> None:
    entries = validator()
    entries.check(lines)
    count, verdicts = entries.missing()
    assert count == len(missing)
    assert said(ValidatedLines(draft_report=bytearray(verdicts))) == [(str(item), report.MISSING) for item in missing]


@pytest.mark.parametrize(("more", "accepted"), [(0, 1), (1, 0)])
def test_the_largest_entry_that_fits_is_kept_and_not_a_byte_more(more: int, accepted: int) -> None:
    def sized(length: int) -> bytes:
        content = {"enhancement_type": "abstract", "process": "other", "abstract": "a" * length}
        entry = {**annotation(TWO), "content": content}
        return json.dumps(entry, separators=(",", ":")).encode()

    entries = validator()
    entries.check([sized(MAX_DOCUMENT_BYTES - len(sized(0)) + more)])
    assert entries.accepted == accepted


def test_entries_that_say_nothing_of_what_was_asked_for_are_useless() -> None:
    entries = validator()
    no_news = [None, b"wrong", line(annotation(STRANGER)), line({"reference_id": str(STRANGER), "message": "no"})]
    said_already = [line(annotation(ONE)), line(annotation(ONE))]
    others = [b" ", with_data("NaN"), line({"reference_id": str(THREE), "message": "no"})]
    for lines, useless in ((no_news, 4), (said_already, 5), (others, 5)):
        entries.check(lines)
        assert entries.rejected == useless


GOOD = [line(annotation(item)) for item in (ONE, TWO, STRANGER)] + [line({"reference_id": str(ONE), "message": "no"})]
SPOILT = st.builds(
    lambda whole, start, junk: whole[:start] + junk + whole[start + len(junk) :],
    st.sampled_from(GOOD),
    st.integers(0, 200),
    st.binary(max_size=4),
)
LINES = st.lists(st.none() | st.binary() | st.sampled_from(GOOD) | SPOILT, max_size=8)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, cut=st.integers(0, 8))
def test_any_bytes_at_all_give_one_readable_verdict_an_entry(lines: list[bytes | None], cut: int) -> None:
    entries = validator()
    checked = entries.check(lines)
    assert len(said(checked)) == entries.entries == sum(item is None or bool(item.strip()) for item in lines)
    assert len(kept(checked)) == entries.accepted == sum(error is None for _, error in said(checked))
    assert checked.draft_report.decode().splitlines() == checked.draft_report.decode().split("\n")[:-1]
    in_slices = validator()
    slices = [in_slices.check(lines[:cut]), in_slices.check(lines[cut:])]
    assert b"".join(item.draft_report for item in slices) == checked.draft_report
    assert b"".join(item.accepted for item in slices) == checked.accepted
