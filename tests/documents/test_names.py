"""Every file, link, command, setting and status that a document names exists."""

import re
from pathlib import Path

import pytest

from exchange.contract.batches import BatchStatus
from exchange.settings import list_settings
from tests.documents.reading import DOCUMENTS, anchors_of, code_in, commands_in, fences, name_of, prose_of, text_of
from tests.infra.reading import predicted
from tests.stacks import ROOT

PATH = r"[\w./-]+(\.(py|md|js|json|jsonl|txt|bicep)|/)"
# Made when something runs.
MADE = (".local/", "local.settings.json", "loaded.jsonl")
# Removed: the change log names it.
REMOVED = {"DECISIONS.md"}
# Of robots, of `make deploy`, of `exchange` and of azure-identity: the app does not read them.
OTHER_VARIABLES = {
    *("ROBOT_ID", "ROBOT_SECRET", "ALERT_EMAIL"),
    *("EXCHANGE_CONFIG", "EXCHANGE_PROFILE", "EXCHANGE_TOKEN"),
    *("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
}
# These name settings that were renamed; tests/documents/test_upgrading.py checks the new names.
ABOUT_THE_PAST = {"CHANGELOG.md", "docs/upgrading.md"}
IN_CAPITALS = r"[A-Z]+(_[A-Z]+)+"

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


@each_document
def test_every_path_that_is_named_exists(document: Path) -> None:
    folders = [
        ROOT,
        ROOT / "exchange",
        ROOT / "functions",
        ROOT / "tests",
        document.parent,
        *(folder for folder in document.parent.iterdir() if folder.is_dir()),
    ]
    words = code_in(document.read_text())
    # A file may be named after its folder, or after a folder in that one.
    folders += [folder for word in words if word.endswith("/") for folder in (ROOT / word, (ROOT / word).parent)]
    for word in words:
        if re.fullmatch(PATH, word) and not word.startswith(("/", "http", *MADE)) and word not in REMOVED:
            assert any((folder / word).exists() for folder in folders), f"{name_of(document)} names {word}"


@each_document
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(document.read_text())):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        found = document.parent / path if path else document
        assert found.exists(), f"{name_of(document)} links to {target}"
        if anchor:
            assert anchor in set(anchors_of(found)), f"{name_of(document)} links to {target}"


def calls_with_curl(document: Path) -> list[str]:
    return re.findall(r"^.*\bcurl (?:.*\\\n)*.*", "\n".join(fences(name_of(document), "sh")), re.MULTILINE)


@each_document
def test_every_call_with_curl_prints_the_error_that_it_gets(document: Path) -> None:
    for call in calls_with_curl(document):
        assert "--fail-with-body" in call, f"{name_of(document)}: {call}"


@each_document
def test_no_call_with_curl_has_a_token_among_its_arguments(document: Path) -> None:
    for call in calls_with_curl(document):
        assert not re.search("authorization|token", call, re.IGNORECASE), f"{name_of(document)}: {call}"


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))


def test_the_make_commands_in_the_documents_are_those_of_the_makefile() -> None:
    commands = "\n".join(commands_in(document.read_text()) for document in DOCUMENTS)
    named = set(re.findall(r"^make (?:[A-Z]+=\S+ )*([a-z-]+)", commands, re.MULTILINE))
    assert named == make_targets()


@pytest.mark.parametrize("document", ["README.md", "docs/requestors.md"])
def test_every_status_of_the_wire_is_named(document: str) -> None:
    assert {str(status) for status in BatchStatus} <= code_in(text_of(document))


@each_document
def test_every_setting_that_is_named_exists(document: Path) -> None:
    if name_of(document) in ABOUT_THE_PAST:
        return
    known = {setting.name for setting in list_settings()} | set(predicted("prod").settings) | OTHER_VARIABLES
    named = {word for word in code_in(document.read_text()) if re.fullmatch(IN_CAPITALS, word)}
    # What our own code defines under such a name is not a setting.
    named -= {word for word in named if _is_constant(word)}
    assert named <= known


def _is_constant(word: str) -> bool:
    sources = (*(ROOT / "exchange").rglob("*.py"), *(ROOT / "functions").rglob("*.py"))
    return any(re.search(rf"^{word}\b.*=", source.read_text(), re.MULTILINE) for source in sources)


@each_document
def test_a_value_after_a_setting_is_its_default(document: Path) -> None:
    defaults = {setting.name: setting.default for setting in list_settings()}
    for name, value in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)` \(([\d,.]+)\b", document.read_text()):
        assert float(value.replace(",", "")) == defaults[name], f"{name_of(document)}: {name} ({value})"
