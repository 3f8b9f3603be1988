"""Decision records: one file each, numbered, with status and date."""

import re
from pathlib import Path

import pytest

from exchange.domain.lifecycle import ROWS
from tests.documents.reading import code_in
from tests.stacks import ROOT

RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Alternatives considered", "Consequences"]

each_record = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)


def test_records_are_numbered_without_a_gap() -> None:
    assert RECORDS
    assert [int(record.name.partition("-")[0]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


@each_record
def test_a_record_has_a_title_a_status_and_a_date(record: Path) -> None:
    number = record.name.partition("-")[0]
    title, _, status, date = record.read_text().splitlines()[:4]
    assert re.fullmatch(rf"# {number}: .+", title)
    assert re.fullmatch(r"- Status: (proposed|accepted|rejected|deprecated|superseded by .+)", status)
    assert re.match(r"- Date: 20\d\d-\d\d-\d\d\b", date)


@each_record
def test_a_record_has_the_usual_sections(record: Path) -> None:
    assert re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)[:4] == SECTIONS


@each_record
def test_a_record_is_in_the_list(record: Path) -> None:
    assert f"({record.name})" in (RECORDS[0].parent / "README.md").read_text()


def test_phases_that_a_decision_lists_are_those_of_the_table() -> None:
    texts = {record: re.search(r"over phases \(([^)]+)\)", record.read_text()) for record in RECORDS}
    found = [match[1] for match in texts.values() if match]
    assert found
    assert all(code_in(phases) == {str(row.phase) for row in ROWS} for phases in found)
