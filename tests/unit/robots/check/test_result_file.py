"""`exchange robots check-result`: the exchange's report on a file."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from exchange.cli.exits import Exit
from exchange.cli.main import run
from exchange.domain.limits import Limits
from exchange.robots.check.result_file import PIECE_BYTES, judge_result
from tests.results import annotation, jsonl

ONE, TWO = (str(uuid4()) for _ in range(2))
Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """Write a result file for two references, and check it. Returns the exit code and what was printed."""

    def check_file(result: bytes, *options: str, references: bytes = jsonl({"id": ONE}, {"id": TWO})) -> object:
        (tmp_path / "result.jsonl").write_bytes(result)
        (tmp_path / "references.jsonl").write_bytes(references)
        files = [str(tmp_path / "result.jsonl"), "--references", str(tmp_path / "references.jsonl")]
        code = run(["robots", "check-result", *files, *options])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return check_file  # type: ignore[return-value] # the tuple is one


def test_a_complete_file_is_accepted(check: Check) -> None:
    code, out, err = check(b"\xef\xbb\xbf" + jsonl(annotation(ONE), b"", annotation(TWO)))
    assert (code, err) == (Exit.DONE, "2 entries. 2 added.\n")
    assert out.splitlines() == [f"Reference {each}: Enhancement would be added." for each in (ONE, TWO)]


def test_each_entry_has_a_line(check: Check) -> None:
    entries = (
        annotation(ONE),
        annotation(ONE),
        {"reference_id": ONE, "message": "No text."},
        annotation(uuid4()),
        b"{",
    )
    code, out, err = check(jsonl(*entries))
    assert code == Exit.ENDED_WITH_FAILURES
    assert [line.partition(": ")[2].split(":")[0] for line in out.splitlines()] == [
        "Enhancement would be added.",
        "Same content as an earlier entry. It was not added again.",
        "The robot reported",
        "Not one of the references of this batch request.",
        "Could not be read",
        "Missing from the robot's result.",
    ]
    assert out.splitlines()[4].startswith("Entry 5: ")
    assert err == "5 entries. 1 added, 1 duplicate, 1 robot_error, 1 not_requested, 1 unreadable, 1 missing.\n"


def test_json_has_counts_and_the_most_frequent_messages(check: Check) -> None:
    code, out, err = check(jsonl(annotation(ONE)), "--json")
    summary = json.loads(out)
    assert (code, err) == (Exit.ENDED_WITH_FAILURES, "")
    assert summary["kinds"] == {"added": 1, "missing": 1}
    assert summary["errors"] == [
        {"kind": "missing", "message": "Missing from the robot's result.", "count": 1, "examples": [TWO]}
    ]
    assert (summary["entries"], summary["complete"], summary["fault"]) == (1, False, None)


def test_a_wrong_format_is_named(check: Check) -> None:
    code, _, err = check(json.dumps([annotation(ONE)]).encode())
    assert code == Exit.ENDED_WITH_FAILURES
    assert "The result file is one JSON array." in err


def test_an_empty_file_has_no_entries(check: Check) -> None:
    assert check(b"")[::2] == (Exit.ENDED_WITH_FAILURES, "0 entries. 2 missing.\n")


@pytest.mark.parametrize(
    ("references", "message"),
    [
        (b'{"id": "1"}', "references.jsonl:1: must have an id, which is a UUID."),
        (b"\n{}", "references.jsonl:2: must have an id"),
        (b"[]", "references.jsonl:1: must be a JSON object"),
    ],
)
def test_a_references_file_without_ids_is_one_sentence(check: Check, references: bytes, message: str) -> None:
    code, out, err = check(b"", references=references)
    assert (code, out) == (Exit.FAILED, "")
    assert message in err


def test_a_long_file_is_read_in_pieces(check: Check) -> None:
    result = jsonl(*(annotation(ONE, label=f"{number} {'x' * 9000}") for number in range(250)), annotation(TWO))
    assert len(result) > 2 * PIECE_BYTES
    code, out, err = check(result)
    assert (code, err, len(out.splitlines())) == (Exit.DONE, "251 entries. 251 added.\n", 251)


def test_a_file_with_too_many_rejected_entries_is_refused_as_a_whole() -> None:
    limits = Limits(result_rejected_entries_limit=5)
    summary = judge_result([uuid4()], [b"{}\n" * 8, b"{}\n"], lambda _: None, limits)
    assert summary.fault is not None
    assert summary.fault.startswith("More than 5 entries are unreadable")
    assert (summary.entries, summary.complete) == (6, False)


def test_a_file_that_is_too_large_is_refused_as_a_whole() -> None:
    result = jsonl(annotation(ONE))
    summary = judge_result([UUID(ONE)], [result], lambda _: None, Limits(result_file_limit_bytes=len(result) - 1))
    assert summary.fault == f"The result file has more than {len(result) - 1} bytes."
