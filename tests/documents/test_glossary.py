"""The glossary, compared with the words of the code."""

import re

from exchange.contract.batches import BatchStatus
from exchange.contract.reports import EntryKind
from exchange.domain.batch import Phase
from tests.stacks import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text()
TERMS = re.findall(r"^\*\*([^*]+)\.\*\*", TEXT, re.MULTILINE)


def paragraph(term: str) -> str:
    """Return the text of a term, up to the next term."""
    found = re.search(rf"^\*\*{term}\.\*\*(.*?)(?=^\*\*|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found, term
    return found[1]


def first_column(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def test_the_terms_are_in_alphabetical_order() -> None:
    assert sorted(TERMS, key=str.lower) == TERMS


def test_each_phase_is_explained() -> None:
    assert first_column(paragraph("Phase")) == [str(phase) for phase in Phase]


def test_each_status_is_explained_and_has_its_phase() -> None:
    assert sorted(first_column(paragraph("Status"))) == sorted(str(status) for status in BatchStatus)
    phases = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"\| ([^|]+) \|$", paragraph("Status"), re.MULTILINE))))
    assert phases == {str(phase) for phase in Phase}


def test_each_kind_of_entry_is_named() -> None:
    assert set(re.findall(r"`(\w+)`", paragraph("Entry kind"))) == {str(kind) for kind in EntryKind}
