"""What the documents say, held against the code."""

import json
import re
from pathlib import Path

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.lifecycle import ROWS
from functions.http.register import ENDPOINTS
from tests.infra.reading import predicted
from tests.stacks import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "samples").glob("*.md"), *(ROOT / "docs").glob("*.md")])
README = (ROOT / "README.md").read_text()
PATH = r"[\w./-]+(\.(py|md|js|json|jsonl|txt|bicep)|/)"
# Made when something runs.
MADE = (".local/", "local.settings.json")


def code(text: str) -> set[str]:
    """Return what stands in code marks."""
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    folders = [
        ROOT,
        ROOT / "functions",
        ROOT / "tests",
        document.parent,
        *(one for one in document.parent.iterdir() if one.is_dir()),
    ]
    for word in code(document.read_text()):
        if re.fullmatch(PATH, word) and not word.startswith(("/", "http", *MADE)):
            assert any((folder / word).exists() for folder in folders), f"{document.name} names {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_every_make_command_exists_and_the_readme_has_those_that_people_type() -> None:
    said = {
        word for document in DOCUMENTS for word in re.findall(r"\bmake (?:PYTHON=\S+ )?([a-z-]+)", _commands(document))
    }
    assert said <= make_targets()
    assert said == make_targets() - {"help", "install"}


def _commands(document: Path) -> str:
    """Return what a person is told to type: code marks and indented lines."""
    text = document.read_text()
    return "\n".join([*code(text), *re.findall(r"^    (.+)$", text, re.MULTILINE)])


def test_every_status_of_the_wire_is_in_the_readme() -> None:
    assert {str(status) for status in BatchStatus} <= code(README)


def test_what_the_decisions_call_phases_are_those_of_the_table() -> None:
    decisions = (ROOT / "DECISIONS.md").read_text()
    phases = re.search(r"over phases \(([^)]+)\)", decisions)
    assert phases is not None
    assert code(phases[1]) == {str(row.phase) for row in ROWS}


def test_decisions_are_dated() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "DECISIONS.md").read_text(), re.MULTILINE)
    assert headings
    assert all(re.match(r"20\d\d-\d\d-\d\d · \w", heading) for heading in headings)


def test_the_table_of_doors_is_that_of_the_endpoints() -> None:
    rows = re.findall(r"^\| `([A-Z]+ /\S+)` \| ([^|]+) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
    assert sorted(rows) == sorted((f"{one.method} /{one.path}", one.access.value) for one in ENDPOINTS)


def test_every_setting_that_a_document_names_exists() -> None:
    known = set(json.loads((ROOT / "local.settings.sample.json").read_text())["Values"])
    known |= set(predicted("prod").settings)
    for document in DOCUMENTS:
        named = {word for word in code(document.read_text()) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", word)}
        assert named <= known | {"ROBOT_ID", "ROBOT_SECRET", "ALERT_EMAIL"}, document.name
