"""The validation of a result: the line of the report for each entry, and that no entry affects another."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.contract.json_input import MAX_BRACKETS
from exchange.contract.reports import EntryKind
from exchange.domain.chunks import Chunk
from exchange.domain.entries import EntryValidator, ValidatedLines
from exchange.domain.ids import derive_id
from exchange.domain.manifest import Manifest
from exchange.domain.origin import Origin
from exchange.domain.report import REJECTED
from exchange.domain.room import Room
from exchange.domain.storable import MAX_DOCUMENT_BYTES
from tests.results import BATCH, ORIGIN, ORIGIN_FIELDS, annotation

ONE, TWO, THREE, OTHER = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "1234")
MAX_LINE_BYTES = 1 << 20


def make_validator(origin: Origin = ORIGIN) -> EntryValidator:
    return EntryValidator(Manifest([ONE, TWO, THREE]), origin, MAX_LINE_BYTES)


def line(entry: Any) -> bytes:
    return json.dumps(entry).encode()


def with_data(text: str) -> bytes:
    """Return an entry whose annotation contains this JSON, which Python may not be able to represent."""
    label = {"annotation_type": "boolean", "scheme": "s", "label": "l", "value": True, "data": {"here": None}}
    entry = annotation(TWO, content={"enhancement_type": "annotation", "annotations": [label]})
    return line(entry).replace(b'"here": null', b'"here": ' + text.encode())


def read_draft(validated: ValidatedLines) -> list[tuple[str | None, str | None]]:
    lines = validated.draft_report.decode().splitlines()
    return [(entry["reference_id"], entry["error"]) for entry in map(json.loads, lines)]


def read_accepted(validated: ValidatedLines) -> list[dict[str, Any]]:
    """Read the accepted lines as the import does."""
    chunk = Chunk(10**6, 10**9, 0)
    chunk.fill(bytes(validated.accepted).split(b"\n")[:-1])
    assert chunk.end == len(validated.accepted)
    return [entry.enhancement for entry in chunk.entries]


UNREADABLE: list[tuple[bytes | None, str]] = [
    (None, "the line is longer than 1048576 bytes"),
    (with_data("[" + "[]," * MAX_BRACKETS + "[]]"), f"it has more than {MAX_BRACKETS} brackets ('[' and '{{')"),
    (with_data("[" + "{}," * MAX_BRACKETS + "{}]"), f"it has more than {MAX_BRACKETS} brackets ('[' and '{{')"),
    (b"not json", "Invalid JSON"),
    (b'{"reference_id": ', "Invalid JSON"),
    (b'{"message": "\xff"}', "Invalid JSON"),
    (b'{"message": "\\ud800"}', "Invalid JSON"),
    (b"\xef\xbb\xbf{}", "a byte order mark (EF BB BF) is allowed only at the very start of a file"),
    (b"{} {}", "Invalid JSON"),
    (b"[" * 10_000 + b"]" * 10_000, "Invalid JSON"),
    (b"1" * 5000, "Invalid JSON"),
    (b"null", "the entry must be an enhancement (with 'content') or a robot error (with 'message')"),
    (b"[]", "the entry must be an enhancement (with 'content') or a robot error (with 'message')"),
    (b"{}", "the entry must be an enhancement (with 'content') or a robot error (with 'message')"),
    (line({"message": "no"}), "reference_id: Field required"),
    (line(annotation("11111111-0000-1000-8000-000000000000")), "reference_id: UUID version 4"),
]
# Entries that name a requested reference belong to it, although the rest of them is invalid.
UNREADABLE_OF_TWO: list[tuple[bytes, str]] = [
    (
        line(annotation(TWO, content=None)),
        "the entry must be an enhancement (with 'content') or a robot error (with 'message')",
    ),
    (line({"reference_id": str(TWO), "message": None}), "message: Input should be a valid string"),
    (line(annotation(TWO, source=7)), "source: Input should be a valid string"),
    (line(annotation(TWO, visibility="secret")), "visibility: "),
    (line(annotation(TWO, id="mine")), "id: Input should be a valid UUID"),
    (
        line(annotation(TWO, content={"enhancement_type": "nothing"})),
        "content: the enhancement_type 'nothing' is not supported here.",
    ),
    (line(annotation(TWO, content={"enhancement_type": "location", "locations": []})), "content.locations: "),
    (line(annotation(TWO, content="x")), "content: Input should be an object"),
    (line(annotation(TWO, content={"enhancement_type": "bibliographic", "cited_by_count": "1"})), "content.cited_by"),
    (with_data("NaN"), "NaN and Infinity are not JSON"),
    (with_data("-Infinity"), "NaN and Infinity are not JSON"),
]
NOT_STORABLE = [
    (with_data("1e999"), "a number is not finite (NaN, Infinity, or beyond the range of a double)"),
    (with_data("9007199254740993"), "an integer beyond 2^53 would lose digits"),
    (with_data("[" * 130 + "]" * 130), "it is nested more than 128 levels deep"),
    (
        line(annotation(TWO, content={"enhancement_type": "abstract", "process": "other", "abstract": "文" * 320_000})),
        "it is longer than 1900000 bytes",
    ),
]
NOT_REQUESTED = "Not one of the references of this batch request."
DUPLICATE = "Same content as an earlier entry. It was not added again."
INVALID: list[tuple[bytes | None, UUID | None, EntryKind, str]] = [
    *((text, None, EntryKind.UNREADABLE, f"Could not be read: {reason}") for text, reason in UNREADABLE),
    *((text, TWO, EntryKind.UNREADABLE, f"Could not be read: {reason}") for text, reason in UNREADABLE_OF_TWO),
    *((text, TWO, EntryKind.NOT_STORABLE, f"Could not be stored: {reason}") for text, reason in NOT_STORABLE),
    (line(annotation(OTHER)), OTHER, EntryKind.NOT_REQUESTED, NOT_REQUESTED),
    (line({"reference_id": str(OTHER), "message": "no"}), OTHER, EntryKind.NOT_REQUESTED, NOT_REQUESTED),
    (
        line({"reference_id": str(TWO), "message": "no\r\nabstract"}),
        TWO,
        EntryKind.ROBOT_ERROR,
        "The robot reported: no abstract",
    ),
    (line(annotation(ONE)), ONE, EntryKind.DUPLICATE, DUPLICATE),
]


@pytest.mark.parametrize(
    ("text", "subject", "kind", "error"), INVALID, ids=[f"{kind}: {error}" for _, _, kind, error in INVALID]
)
def test_an_entry_that_adds_nothing_has_one_line_in_the_report_and_no_effect_on_others(
    text: bytes | None, subject: UUID | None, kind: EntryKind, error: str
) -> None:
    validator = make_validator()
    validated = validator.validate([line(annotation(ONE)), text, line(annotation(THREE))])
    first, (named, reported), last = read_draft(validated)
    assert (first, last) == ((str(ONE), None), (str(THREE), None))
    assert named == (str(subject) if subject else None)
    assert reported is not None
    assert reported.startswith(error)
    assert [item["reference_id"] for item in read_accepted(validated)] == [str(ONE), str(THREE)]
    assert validator.rejected == (kind in REJECTED)


def test_the_examples_cover_every_kind_of_an_entry_that_adds_nothing() -> None:
    others = {EntryKind.ADDED, EntryKind.CANCELLED, EntryKind.MISSING}
    assert {kind for _, _, kind, _ in INVALID} == set(EntryKind) - others


def test_an_accepted_enhancement_is_unchanged_except_for_its_id() -> None:
    sent = annotation(TWO, id=str(OTHER), robot_version=None, derived_from=[str(THREE)], unknown="ignored")
    (enhancement,) = read_accepted(make_validator().validate([line(sent)]))
    del sent["unknown"]
    assert enhancement == {**sent, "id": str(derive_id(BATCH, 1)), **ORIGIN_FIELDS}


@pytest.mark.parametrize("unknown", [{}, {"unknown": "ignored"}])
@pytest.mark.parametrize(
    ("given", "stored"), [({}, "2 文"), ({"robot_version": None}, "2 文"), ({"robot_version": "1"}, "1")]
)
def test_an_enhancement_without_a_version_gets_that_of_the_robot(
    given: dict[str, Any], stored: str, unknown: dict[str, Any]
) -> None:
    validator = make_validator(replace(ORIGIN, robot_version="2 文"))
    (enhancement,) = read_accepted(validator.validate([line({**annotation(TWO), **given, **unknown})]))
    assert {**enhancement, **annotation(TWO)} == enhancement
    assert enhancement["robot_version"] == stored


@pytest.mark.parametrize("unknown", [{}, {"unknown": "ignored"}])
@pytest.mark.parametrize("name", ["line", "entry", "created_at", "batch_request_id", "robot_id"])
def test_a_robot_cannot_set_a_field_of_the_origin(name: str, unknown: dict[str, Any]) -> None:
    validated = make_validator().validate([line({**annotation(TWO), name: str(OTHER), **unknown})])
    assert validated.accepted.count(b'"line":1,') == 1
    assert read_accepted(validated) == [{**annotation(TWO), "id": str(derive_id(BATCH, 1)), **ORIGIN_FIELDS}]


@pytest.mark.parametrize("unknown", [{}, {"unknown": "ignored"}])
def test_accepted_enhancements_that_are_hidden_are_counted(unknown: dict[str, Any]) -> None:
    validator = make_validator()
    entries = [annotation(TWO, visibility=item) for item in ("hidden", "public", "hidden", "restricted")]
    validator.validate([line({**entry, **unknown}) for entry in entries])
    assert (validator.accepted, validator.hidden) == (3, 1)


def test_each_accepted_line_is_one_line_for_every_reader() -> None:
    source = "a\u2028b\u2029c\x85d"
    validated = make_validator().validate([json.dumps(annotation(TWO, source=source), ensure_ascii=False).encode()])
    assert len(bytes(validated.accepted).decode().splitlines()) == 1
    assert [item["source"] for item in read_accepted(validated)] == [source]


@pytest.mark.parametrize(("room", "accepted"), [(Room(3, 10**6), 3), (Room(100, 700), 2)])
def test_what_one_reference_has_too_much_of_is_reported_and_affects_no_other(room: Room, accepted: int) -> None:
    lines = [line(annotation(TWO, source=f"source {number}")) for number in range(10)]
    validator = EntryValidator(Manifest([ONE, TWO, THREE]), ORIGIN, MAX_LINE_BYTES, room)
    validated = validator.validate([*lines, line(annotation(THREE))])
    refused = f"Could not be stored: a result may have at most {room} for one reference"
    expected = [(str(TWO), None if number < accepted else refused) for number in range(10)]
    assert read_draft(validated) == [*expected, (str(THREE), None)]
    assert [item["source"] for item in read_accepted(validated)][:-1] == [f"source {item}" for item in range(accepted)]
    assert (validator.accepted, validator.rejected, validator.list_missing()[0]) == (accepted + 1, 0, 1)


NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=8)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(data=st.dictionaries(TEXTS, JSON_VALUES, max_size=3), score=NUMBERS, text=TEXTS)
@example(data={"\u2028": ["\x7f\x00", -0.0, 1e-7, 5e-324, 2**53]}, score=0.1 + 0.2, text="\U0001f9ea\r\n\x85")
def test_any_json_value_is_accepted_unchanged(data: dict[str, Any], score: float, text: str) -> None:
    label = {"annotation_type": "score", "scheme": text, "label": text, "score": score, "data": data}
    sent = annotation(TWO, source=text, content={"enhancement_type": "annotation", "annotations": [label]})
    (enhancement,) = read_accepted(make_validator().validate([json.dumps(sent, ensure_ascii=False).encode()]))
    for name in ("id", *ORIGIN_FIELDS):
        del enhancement[name]
    assert enhancement == sent
    assert repr(enhancement["content"]["annotations"][0]["data"]) == repr(data)


@pytest.mark.parametrize("entry", [annotation(TWO), {**annotation(TWO), "unknown": 1}])
def test_a_line_may_have_as_many_brackets_as_the_limit_and_no_more(entry: dict[str, Any]) -> None:
    brackets = line({**entry, "source": "["}).count(b"[") + line(entry).count(b"{")
    for extra, accepted in ((0, 1), (1, 0)):
        text = "[{" * (MAX_BRACKETS // 2) + "["
        validator = make_validator()
        validator.validate([line({**entry, "source": text[: MAX_BRACKETS - brackets + 1 + extra]})])
        assert (validator.entries, validator.accepted) == (1, accepted)


def test_ids_have_version_4_and_depend_on_the_batch_and_the_number_of_the_entry() -> None:
    lines = [line(annotation(ONE)), b"wrong", line(annotation(TWO)), line(annotation(TWO, source="other"))]
    ids = [item["id"] for item in read_accepted(make_validator().validate(lines))]
    assert ids == [str(derive_id(BATCH, number)) for number in (1, 3, 4)]
    assert {UUID(item).version for item in ids} == {4}
    assert ids == [item["id"] for item in read_accepted(make_validator().validate(lines))]
    others = read_accepted(make_validator(replace(ORIGIN, batch_id=OTHER)).validate(lines))
    assert not set(ids) & {item["id"] for item in others}


def test_blank_lines_are_not_entries() -> None:
    validator = make_validator()
    validated = validator.validate(
        [b"", line(annotation(ONE)), b" \t\r", b"wrong", b"\r", line(annotation(TWO)) + b"\r"]
    )
    assert (validator.entries, validator.accepted, len(read_draft(validated))) == (3, 2, 3)
    assert [json.loads(item)["line"] for item in validated.accepted.splitlines()] == [1, 3]


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        (lambda entry: dict(reversed(entry.items())), 1),
        (lambda entry: {**entry, "id": str(OTHER), "unknown": 1}, 1),
        (lambda entry: {**entry, "source": "another"}, 2),
        (lambda entry: {**entry, "reference_id": str(TWO)}, 2),
        (lambda entry: {**entry, "robot_version": None}, 2),
    ],
)
def test_an_entry_is_a_duplicate_if_all_its_content_is_the_same(
    change: Callable[[dict[str, Any]], dict[str, Any]], accepted: int
) -> None:
    validator = make_validator()
    validated = validator.validate([line(annotation(ONE)), line(change(annotation(ONE)))])
    assert read_draft(validated)[1][1] == (DUPLICATE if accepted == 1 else None)
    assert (validator.entries, validator.accepted) == (2, accepted)


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        ([], [ONE, TWO, THREE]),
        ([line(annotation(TWO))], [ONE, THREE]),
        ([line({"reference_id": str(THREE), "message": "no"}), with_data("1e999")], [ONE]),
        ([line(annotation(ONE, source=7)), None, b"wrong", line(annotation(OTHER))], [TWO, THREE]),
        ([line(annotation(item)) for item in (THREE, ONE, TWO, ONE)], []),
    ],
)
def test_a_reference_is_missing_if_no_entry_names_it(lines: Sequence[bytes | None], missing: list[UUID]) -> None:
    validator = make_validator()
    validator.validate(lines)
    count, missing_lines = validator.list_missing()
    assert count == len(missing)
    assert read_draft(ValidatedLines(draft_report=missing_lines)) == [
        (str(item), "Missing from the robot's result.") for item in missing
    ]


@pytest.mark.parametrize(("extra_bytes", "accepted"), [(0, 1), (1, 0)])
def test_an_entry_of_the_maximum_size_is_accepted_and_a_larger_one_is_not(extra_bytes: int, accepted: int) -> None:
    def entry_with_abstract(length: int) -> bytes:
        content = {"enhancement_type": "abstract", "process": "other", "abstract": "a" * length}
        entry = {**annotation(TWO), "content": content}
        return json.dumps(entry, separators=(",", ":")).encode()

    validator = make_validator()
    validator.validate([entry_with_abstract(MAX_DOCUMENT_BYTES - len(entry_with_abstract(0)) + extra_bytes)])
    assert validator.accepted == accepted


def test_rejected_counts_the_entries_of_the_rejected_kinds() -> None:
    validator = make_validator()
    unknown = [None, b"wrong", line(annotation(OTHER)), line({"reference_id": str(OTHER), "message": "no"})]
    duplicates = [line(annotation(ONE)), line(annotation(ONE))]
    not_rejected = [b" ", with_data("1e999"), line({"reference_id": str(THREE), "message": "no"})]
    for lines, rejected in ((unknown, 4), (duplicates, 5), (not_rejected, 5)):
        validator.validate(lines)
        assert validator.rejected == rejected


VALID = [line(annotation(item)) for item in (ONE, TWO, OTHER)] + [line({"reference_id": str(ONE), "message": "no"})]
DAMAGED = st.builds(
    lambda text, start, noise: text[:start] + noise + text[start + len(noise) :],
    st.sampled_from(VALID),
    st.integers(0, 200),
    st.binary(max_size=4),
)
LINES = st.lists(st.none() | st.binary() | st.sampled_from(VALID) | DAMAGED, max_size=8)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, cut=st.integers(0, 8))
def test_any_bytes_have_one_readable_line_in_the_report_for_each_entry(lines: list[bytes | None], cut: int) -> None:
    validator = make_validator()
    validated = validator.validate(lines)
    assert len(read_draft(validated)) == validator.entries == sum(item is None or bool(item.strip()) for item in lines)
    assert (
        len(read_accepted(validated)) == validator.accepted == sum(error is None for _, error in read_draft(validated))
    )
    assert validated.draft_report.decode().splitlines() == validated.draft_report.decode().split("\n")[:-1]
    other = make_validator()
    slices = [other.validate(lines[:cut]), other.validate(lines[cut:])]
    assert b"".join(item.draft_report for item in slices) == validated.draft_report
    assert b"".join(item.accepted for item in slices) == validated.accepted
