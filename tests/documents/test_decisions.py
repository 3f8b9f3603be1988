"""The decision records: their form, their index, and what they say of the code."""

import re
from pathlib import Path

import pytest

from exchange.domain.batch import Phase
from tests.stacks import ROOT

FOLDER = ROOT / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Alternatives considered", "Consequences"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_has_the_usual_form(record: Path) -> None:
    text = record.read_text()
    assert text.startswith(f"# {record.name[:4]}: ")
    assert re.search(r"^- Status: (accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert re.search(r"^- Date: 20\d\d-\d\d-\d\d", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:4] == HEADINGS


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_each_link_of_a_record_leads_to_a_file(record: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", record.read_text()):
        assert target.startswith("http") or (FOLDER / target).exists(), target


def test_records_are_numbered_without_gaps() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_index_lists_each_record_once_with_its_title_and_date() -> None:
    index = re.findall(r"^\| \[\d+\]\(([^)]+)\) \| (.+) \| (\S+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    expected = []
    for record in RECORDS:
        title, date = re.findall(r"^(?:# \d+: (.+)|- Date: (\S+).*)$", record.read_text(), re.MULTILINE)
        expected.append((record.name, title[0], date[1]))
    assert sorted(index) == expected


def test_the_record_on_phases_names_those_of_the_code() -> None:
    text = (FOLDER / "0008-phases-finer-than-statuses.md").read_text()
    phases = re.search(r"over phases \(([^)]+)\)", text)
    assert phases is not None
    assert re.findall(r"`(\w+)`", phases[1]) == [str(phase) for phase in Phase]
