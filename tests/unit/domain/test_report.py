import base64
import html
import json
import re
from collections.abc import Callable
from itertools import count
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.contract.reports import EntryKind
from exchange.contract.robots import BatchRobotResultValidationEntry
from exchange.domain import report
from exchange.domain.batch import Outcome, Progress, Validation
from exchange.domain.chunks import Refusal
from exchange.domain.report import (
    MAX_MESSAGE_LENGTH,
    REJECTED,
    EntryResult,
    ReportWriter,
    to_one_line,
)
from tests.unit.domain.batches import a_batch

ONE, TWO, THREE = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "123")
ATTEMPT = UUID("44444444-0000-4000-8000-000000000000")
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# The kinds with a detail: their sentence quotes the robot, the validation or the store.
DETAILED = {EntryKind.ROBOT_ERROR, EntryKind.UNREADABLE, EntryKind.NOT_STORABLE}


def make_writer(*refusals: Refusal, accepted: int = 0, **fields: object) -> ReportWriter:
    """Return the writer of a batch whose import has recorded every accepted entry, unless the fields say otherwise."""
    validation = Validation(attempt=ATTEMPT, etag="one", entries=0, accepted=accepted, missing=0, kinds={})
    progress = Progress(added=accepted)
    return ReportWriter(a_batch(**{"validation": validation, "progress": progress, **fields}), refusals)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters() | st.sampled_from(BREAKS + " \t\x00\ud800")))
@example("a".join(BREAKS))
@example("x" * 5000)
def test_any_text_becomes_one_line_for_every_reader(text: str) -> None:
    line = to_one_line(text)
    assert line.splitlines() == ([line] if line else [])
    assert line.encode().decode() == line
    assert line == " ".join(line.split())
    assert len(line) <= MAX_MESSAGE_LENGTH + 2
    assert to_one_line(line) == line or len(line) > MAX_MESSAGE_LENGTH


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        (" \r\n ", ""),
        ("no\r\n  abstract\there ", "no abstract here"),
        ("a\u2028b\x85c\x00d\ud800e", "a b c d e"),
        ("żółć 文 \U0001f9ea", "żółć 文 \U0001f9ea"),
        ("co\u00adoperation \U0001f469\u200d\U0001f52c", "co\u00adoperation \U0001f469\u200d\U0001f52c"),
        ("harmless\u202egnp.exe\u2066", "harmless gnp.exe"),
        ("GET https://b.test/r?sv=1&sig=a%2Bb/c=&se=2 failed", "GET https://b.test/r?sv=1&sig=…&se=2 failed"),
        (
            '["https://b.test/r?sig=abc", \'?sig=def\', "design=good"]',
            '["https://b.test/r?sig=…", \'?sig=…\', "design=good"]',
        ),
        ("sig=abc was refused, code=7", "sig=… was refused, code=7"),
        ("sig=abc and code=7", "sig=… and code=7"),
        ("x" * 2000, "x" * 2000),
        ("x" * 2001, "x" * 2000 + " …"),
    ],
)
def test_control_characters_white_space_and_signatures_are_replaced(text: str, line: str) -> None:
    assert to_one_line(text) == line


# How a robot may quote a URL in its message.
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda url: url,
    "percent": lambda url: quote(url, safe=""),
    "percent twice": lambda url: quote(quote(url, safe=""), safe=""),
    "JSON": lambda url: url.replace("&", r"\u0026").replace("=", r"\u003d").replace("+", r"\u002B"),
    "JSON with escaped slashes": lambda url: url.replace("/", r"\/"),
    "JSON in JSON": lambda url: json.dumps(url.replace("&", r"\u0026").replace("=", r"\u003d")),
    "HTML": lambda url: "".join(f"&#{ord(item)};" if item in "+/=" else html.escape(item) for item in url),
    "HTML in hex": lambda url: "".join(f"&#x{ord(item):X};" if item in "+/=&" else item for item in url),
    "Python": lambda url: url.replace("=", r"\x3d").replace("&", r"\x26"),
    "capitals": lambda url: url.replace("sig=", "SIG="),
    "the value alone": lambda url: url.rpartition("sig=")[2],
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=50, deadline=None)
@given(signature=st.binary(min_size=32, max_size=32))
def test_a_signature_is_removed_in_every_encoding(encoding: str, signature: bytes) -> None:
    value = base64.b64encode(signature).decode()
    for written in (value, quote(value, safe="")):
        url = f"https://b.test/results/r.jsonl?se=2030-01-01T00%3A00%3A00Z&sp=cw&sv=2025-11-05&sr=b&sig={written}"
        line = to_one_line(f"PUT {ENCODINGS[encoding](url)} failed: 403")
        assert not [part for part in re.findall(r"[A-Za-z0-9]{5,}", value) if part in line]
        assert line.endswith("failed: 403")


@pytest.mark.parametrize("width", [60, 64, 72, 76, 80])
@settings(max_examples=50, deadline=None)
@given(signature=st.binary(min_size=32, max_size=32), host=st.integers(1, 76))
def test_a_signature_is_removed_if_lines_are_wrapped(width: int, signature: bytes, host: int) -> None:
    value = base64.b64encode(signature).decode()
    for written in (value, quote(value, safe="")):
        url = f"https://{'h' * host}.test/r?sp=cw&sig={written}"
        wrapped = "\n".join(url[start : start + width] for start in range(0, len(url), width))
        line = to_one_line(f"PUT {wrapped} failed: 403")
        assert not [part for part in re.findall(r"[A-Za-z0-9]{5,}", value) if part in line]
        assert line.endswith(" failed: 403")


@pytest.mark.parametrize("encoding", [report._EQUALS, report._PLUS_OR_SLASH])
def test_the_encodings_have_no_unbounded_repeat(encoding: str) -> None:
    """With one, a run of the repeated character takes quadratic time."""
    assert not re.search(r"[*+]|,\}", encoding.replace("[+/]", ""))


@pytest.mark.parametrize(
    "text", ["sign=here", "design=good", "a" * 43, "signal: 5", "f" * 64, "Sig. = 0.05", "sig = 0.05"]
)
def test_other_text_is_not_taken_for_a_signature(text: str) -> None:
    assert to_one_line(text) == text


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (EntryKind.ADDED, None),
        (EntryKind.ROBOT_ERROR, "The robot reported: no abstract"),
        (EntryKind.UNREADABLE, "Could not be read: no abstract"),
        (EntryKind.NOT_REQUESTED, "Not one of the references of this batch request."),
        (EntryKind.DUPLICATE, "Same content as an earlier entry. It was not added again."),
        (EntryKind.NOT_STORABLE, "Could not be stored: no abstract"),
        (EntryKind.CANCELLED, "Not added: the batch request was cancelled."),
        (EntryKind.MISSING, "Missing from the robot's result."),
    ],
)
def test_each_kind_has_its_line(kind: EntryKind, error: str | None) -> None:
    result = EntryResult(kind, ONE, "no abstract" if kind in DETAILED else "")
    assert result.error == error
    assert json.loads(result.to_line()) == {"reference_id": str(ONE), "error": error, "kind": kind}
    text = make_writer().write([result.to_line()]).text.decode()
    assert text == f"Reference {ONE}: {error or 'Enhancement added.'}\n"


def test_these_kinds_are_rejected() -> None:
    assert {EntryKind.UNREADABLE, EntryKind.NOT_REQUESTED, EntryKind.DUPLICATE} == REJECTED


@pytest.mark.parametrize("kind", sorted(DETAILED))
def test_a_quoted_detail_stays_on_its_line(kind: EntryKind) -> None:
    error = EntryResult(kind, ONE, f"{BREAKS}why{BREAKS}not{BREAKS}").error
    assert error is not None
    assert error.splitlines() == [error]
    assert error.endswith(": why not")


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(EntryKind),
    reference_id=st.uuids(version=4) | st.uuids(version=4).map(str),
    detail=st.text(),
)
@example(kind=EntryKind.UNREADABLE, reference_id=None, detail="\ud800{}")
def test_a_line_is_the_json_of_the_contracts_model(
    kind: EntryKind, reference_id: UUID | str | None, detail: str
) -> None:
    result = EntryResult(kind, None if kind is EntryKind.UNREADABLE else reference_id, detail)
    named = None if result.reference_id is None else UUID(str(result.reference_id))
    line = None if kind is EntryKind.MISSING else 1
    entry = BatchRobotResultValidationEntry(reference_id=named, error=result.error, line=line, kind=kind)
    written = make_writer().write([result.to_line()[:-1]])
    assert written.lines == entry.model_dump_json().encode() + b"\n"
    subject = "Entry 1" if named is None else f"Reference {named}"
    assert written.text.decode() == f"{subject}: {result.error or 'Enhancement added.'}\n"


def test_both_forms_of_the_report_have_the_same_lines() -> None:
    draft_lines = [
        EntryResult(EntryKind.ADDED, ONE).to_line(),
        EntryResult(EntryKind.UNREADABLE, None, "Invalid JSON").to_line(),
        EntryResult(EntryKind.ROBOT_ERROR, TWO, "no abstract").to_line(),
        EntryResult(EntryKind.MISSING, THREE).to_line(),
    ]
    written = make_writer().write(draft_lines)
    assert written.text.decode() == (
        f"Reference {ONE}: Enhancement added.\n"
        "Entry 2: Could not be read: Invalid JSON\n"
        f"Reference {TWO}: The robot reported: no abstract\n"
        f"Reference {THREE}: Missing from the robot's result.\n"
    )
    lines = [json.loads(line) for line in written.lines.splitlines()]
    assert [line.pop("line") for line in lines] == [1, 2, 3, None]
    assert lines == [json.loads(line) for line in draft_lines]


def test_a_refusal_changes_the_line_of_its_entry_only() -> None:
    added, unreadable = EntryResult(EntryKind.ADDED, ONE), EntryResult(EntryKind.UNREADABLE, None, "x")
    writer = make_writer(Refusal(3, "it is\ntoo large"))
    written = writer.write([added.to_line(), unreadable.to_line(), added.to_line()])
    assert written.text.decode().splitlines() == [
        f"Reference {ONE}: Enhancement added.",
        "Entry 2: Could not be read: x",
        f"Reference {ONE}: Could not be stored: it is too large",
    ]
    assert [json.loads(line)["error"] for line in written.lines.splitlines()] == [
        None,
        "Could not be read: x",
        "Could not be stored: it is too large",
    ]


RESULTS = st.lists(
    st.one_of(
        st.builds(EntryResult, st.just(EntryKind.ADDED), st.sampled_from([ONE, TWO])),
        st.builds(EntryResult, st.just(EntryKind.UNREADABLE), st.none(), st.text()),
        st.builds(EntryResult, st.just(EntryKind.ROBOT_ERROR), st.sampled_from([ONE, TWO]), st.text()),
    )
)


@settings(max_examples=50, deadline=None)
@given(RESULTS, st.sets(st.integers(1, 10)), st.integers(0, 10))
def test_both_forms_agree_line_by_line_however_the_draft_is_split(
    results: list[EntryResult], refused: set[int], cut: int
) -> None:
    lines = [result.to_line() for result in results]
    refusals = [Refusal(number, "no room") for number in refused]
    whole = make_writer(*refusals).write(lines)
    texts, entries = whole.text.decode().splitlines(), whole.lines.decode().splitlines()
    assert len(texts) == len(entries) == len(results)
    for number, text, entry, result in zip(count(1), texts, map(json.loads, entries), results, strict=False):
        subject = f"Reference {entry['reference_id']}" if entry["reference_id"] else f"Entry {number}"
        assert text == f"{subject}: {entry['error'] or 'Enhancement added.'}"
        assert (entry["error"] == "Could not be stored: no room") == (
            number in refused and result.kind is EntryKind.ADDED
        )
    writer = make_writer(*refusals)
    first, second = writer.write(lines[:cut]), writer.write(lines[cut:])
    assert (first.text + second.text, first.lines + second.lines) == (whole.text, whole.lines)


def test_the_counts_of_the_references_are_those_of_the_lines() -> None:
    """A reference is enhanced if one of its entries was added, whatever became of the others."""
    draft_lines = [
        EntryResult(EntryKind.ADDED, ONE).to_line(),
        EntryResult(EntryKind.ROBOT_ERROR, ONE, "no abstract").to_line(),
        EntryResult(EntryKind.ADDED, TWO).to_line(),
        EntryResult(EntryKind.ADDED, TWO).to_line(),
        EntryResult(EntryKind.ADDED, THREE).to_line(),
        EntryResult(EntryKind.ADDED, ONE).to_line(),
    ]
    writer = make_writer(Refusal(3, "full"), Refusal(5, "full"))
    writer.write(draft_lines)
    assert writer.enhanced == {str(ONE), str(TWO)}
    assert writer.outcome == Outcome(enhanced=2, cancelled=0)


def test_entries_after_the_last_chunk_were_cancelled() -> None:
    draft_lines = [EntryResult(EntryKind.ADDED, item).to_line() for item in (ONE, TWO, ONE, THREE)]
    writer = make_writer(accepted=4, progress=Progress(chunks=1, last_entry=2, added=2))
    written = writer.write(draft_lines)
    assert written.text.decode().splitlines() == [
        f"Reference {ONE}: Enhancement added.",
        f"Reference {TWO}: Enhancement added.",
        f"Reference {ONE}: Not added: the batch request was cancelled.",
        f"Reference {THREE}: Not added: the batch request was cancelled.",
    ]
    assert [json.loads(line)["kind"] for line in written.lines.splitlines()] == ["added"] * 2 + ["cancelled"] * 2
    assert writer.outcome == Outcome(enhanced=2, cancelled=1)


def test_the_report_of_a_test_run_says_what_would_be_added() -> None:
    writer = make_writer(accepted=1, progress=Progress(), test_run=True)
    written = writer.write([EntryResult(EntryKind.ADDED, ONE).to_line()])
    assert written.text.decode() == f"Reference {ONE}: Enhancement would be added.\n"
    assert writer.outcome == Outcome(enhanced=1)


@pytest.mark.parametrize("kind", EntryKind)
def test_the_kind_of_an_entry_is_inferred_from_the_sentence_of_an_older_version(kind: EntryKind) -> None:
    draft = json.dumps({"reference_id": str(ONE), "error": EntryResult(kind, ONE, "why").error})
    written = make_writer().write([draft.encode()])
    assert json.loads(written.lines)["kind"] == kind


def test_only_the_start_of_a_long_text_is_searched() -> None:
    # A body has room for ten million of these characters, whose search would hold up other requests.
    assert to_one_line("\x7f" * 1_000_000 + "a") == ""
    assert to_one_line("a\x7f" * 1_000_000) == f"{'a ' * (MAX_MESSAGE_LENGTH // 2)} …"
