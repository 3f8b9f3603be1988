import json
from collections.abc import Callable
from itertools import count
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.contract.robots import BatchRobotResultValidationEntry
from exchange.domain import report
from exchange.domain.report import ReportWriter, to_one_line, verdict
from exchange.domain.chunks import Refusal

ONE, TWO, THREE = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "123")
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters() | st.sampled_from(BREAKS + " \t\x00\ud800")))
@example("a".join(BREAKS))
@example("x" * 5000)
def test_words_become_one_line_that_any_program_reads_as_one(words: str) -> None:
    line = to_one_line(words)
    assert line.splitlines() == ([line] if line else [])
    assert line.encode().decode() == line
    assert line == " ".join(line.split())
    assert len(line) <= report.MAX_MESSAGE_LENGTH + 2
    assert to_one_line(line) == line or len(line) > report.MAX_MESSAGE_LENGTH


@pytest.mark.parametrize(
    ("words", "line"),
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
        ("x" * 2000, "x" * 2000),
        ("x" * 2001, "x" * 2000 + " …"),
    ],
)
def test_only_breaks_blanks_and_what_cannot_be_seen_are_folded(words: str, line: str) -> None:
    assert to_one_line(words) == line


@pytest.mark.parametrize("say", [report.unreadable, report.robot_said, report.not_storable])
def test_whatever_is_quoted_stays_on_its_line(say: Callable[[str], str]) -> None:
    said = say(f"{BREAKS}why{BREAKS}not{BREAKS}")
    assert said.splitlines() == [said]
    assert said.endswith(": why not")


@settings(max_examples=100, deadline=None)
@given(st.none() | st.uuids(version=4), st.none() | st.text(st.characters(exclude_categories=["Cs"])))
@example(ONE, None)
@example(None, None)
@example(ONE, '","error":null}')
def test_a_verdict_is_the_json_of_its_model(reference_id: UUID | None, error: str | None) -> None:
    line = verdict(reference_id, error)
    entry = BatchRobotResultValidationEntry(reference_id=reference_id, error=error)
    assert line == entry.model_dump_json().encode() + b"\n"
    subject = f"Reference {reference_id}" if reference_id else "Entry 1"
    said = ReportWriter([]).write([line[:-1]]).text.decode()
    assert said == f"{subject}: {report.ADDED if error is None else error}\n"


def test_both_forms_say_the_same_of_each_entry() -> None:
    so_far = [
        verdict(ONE, None),
        verdict(None, report.unreadable("Invalid JSON")),
        verdict(TWO, report.robot_said("no abstract")),
        verdict(THREE, report.MISSING),
    ]
    written = ReportWriter([]).write(so_far)
    assert written.text.decode() == (
        f"Reference {ONE}: Enhancement added.\n"
        "Entry 2: Could not be read: Invalid JSON\n"
        f"Reference {TWO}: The robot reported: no abstract\n"
        f"Reference {THREE}: Missing from the robot's result.\n"
    )
    assert written.lines == b"".join(so_far)


def test_a_refusal_corrects_the_verdict_of_its_entry_alone() -> None:
    writer = ReportWriter([Refusal(3, "it is\ntoo large")])
    written = writer.write([verdict(ONE, None), verdict(None, "Could not be read: x"), verdict(ONE, None)])
    assert written.text.decode().splitlines() == [
        f"Reference {ONE}: Enhancement added.",
        "Entry 2: Could not be read: x",
        f"Reference {ONE}: Can't be stored: it is too large",
    ]
    assert [json.loads(line)["error"] for line in written.lines.splitlines()] == [
        None,
        "Could not be read: x",
        "Can't be stored: it is too large",
    ]


VERDICTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([ONE, TWO]), st.none()),
        st.tuples(st.none(), st.text().map(report.unreadable)),
        st.tuples(st.sampled_from([ONE, TWO]), st.text().map(report.robot_said)),
    )
)


@settings(max_examples=50, deadline=None)
@given(VERDICTS, st.sets(st.integers(1, 10)), st.integers(0, 10))
def test_the_forms_agree_line_by_line_however_they_are_cut(
    verdicts: list[tuple[UUID | None, str | None]], refused: set[int], cut: int
) -> None:
    lines = [verdict(reference_id, error) for reference_id, error in verdicts]
    refusals = [Refusal(number, "no room") for number in refused]
    whole = ReportWriter(refusals).write(lines)
    text, entries = whole.text.decode().splitlines(), whole.lines.decode().splitlines()
    assert len(text) == len(entries) == len(verdicts)
    for number, said, entry in zip(count(1), text, map(json.loads, entries), strict=False):
        subject = f"Reference {entry['reference_id']}" if entry["reference_id"] else f"Entry {number}"
        assert said == f"{subject}: {entry['error'] or 'Enhancement added.'}"
        assert (entry["error"] == "Can't be stored: no room") == (number in refused)
    writer = ReportWriter(refusals)
    first, second = writer.write(lines[:cut]), writer.write(lines[cut:])
    assert (first.text + second.text, first.lines + second.lines) == (whole.text, whole.lines)
