"""How the Bicep files are laid out."""

import re
from pathlib import Path

import pytest

from tests.infra.reading import INFRA, content, text

FILES = sorted([*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")])
RULES = content("bicepconfig.json")["analyzers"]["core"]["rules"]
# It depends on the day.
LEFT_OFF = {"use-recent-api-versions"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_is_longer_than_150_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 150


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_begins_by_saying_what_it_is_for(file: Path) -> None:
    assert file.read_text().startswith("// ")


@pytest.mark.parametrize("name", ["main.json", "events.json"])
def test_each_parameter_has_a_description(name: str) -> None:
    parameters = content(name)["parameters"]
    assert parameters
    assert not [key for key, one in parameters.items() if not one.get("metadata", {}).get("description")]


def test_each_part_of_a_parameter_has_a_description() -> None:
    definitions = content("main.json")["definitions"]
    for name in ("Scale", "Kept"):
        assert not [key for key, one in definitions[name]["properties"].items() if "description" not in one["metadata"]]


def test_every_module_lies_here() -> None:
    used = {target for file in FILES for target in re.findall(r"^module \w+ '([^']+)'", file.read_text(), re.MULTILINE)}
    imported = {target for file in FILES for target in re.findall(r" from '([^']+)'", file.read_text())}
    assert used
    assert {Path(target).name for target in used | imported} == {file.name for file in INFRA.glob("modules/*.bicep")}


def test_nothing_depends_on_the_day_or_on_chance() -> None:
    assert not re.search(r"\b(utcNow|newGuid)\(", text("main.json") + text("events.json"))


def test_every_rule_of_the_linter_that_is_named_is_an_error() -> None:
    assert len(RULES) > 30
    assert {rule["level"] for rule in RULES.values()} == {"error"}
    assert not LEFT_OFF & set(RULES)


def test_names_are_made_in_one_place() -> None:
    makers = [file.name for file in FILES if re.search(r"'\w*\$\{environmentName\}|'exchange-\$", file.read_text())]
    assert makers == ["place.bicep"]
