"""The structure of the Bicep files."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.infra.reading import INFRA, content, text

FILES = sorted([*INFRA.glob("*.bicep"), *INFRA.glob("modules/*.bicep")])
RULES = content("bicepconfig.json")["analyzers"]["core"]["rules"]
# The result of this rule depends on the date.
NOT_ENABLED = {"use-recent-api-versions"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_is_longer_than_150_lines(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 150


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_begins_with_a_comment_about_its_purpose(file: Path) -> None:
    assert file.read_text().startswith("// ")


@pytest.mark.parametrize("name", ["main.json", "events.json"])
def test_each_parameter_has_a_description(name: str) -> None:
    parameters = content(name)["parameters"]
    assert parameters
    assert not [key for key, value in parameters.items() if not value.get("metadata", {}).get("description")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_parameter_of_a_module_has_a_description(file: Path) -> None:
    lines = file.read_text().splitlines()
    described = [(before, line) for before, line in pairwise(lines) if line.startswith("param ")]
    assert not [line for before, line in described if not before.startswith("@description('")]


def test_each_property_of_a_parameter_has_a_description() -> None:
    definitions = content("main.json")["definitions"]
    for name in ("Scale", "Retention", "Tunables"):
        properties = definitions[name]["properties"]
        assert not [key for key, value in properties.items() if "description" not in value.get("metadata", {})]


def test_every_module_is_used() -> None:
    used = {target for file in FILES for target in re.findall(r"^module \w+ '([^']+)'", file.read_text(), re.MULTILINE)}
    imported = {target for file in FILES for target in re.findall(r" from '([^']+)'", file.read_text())}
    assert used
    assert {Path(target).name for target in used | imported} == {file.name for file in INFRA.glob("modules/*.bicep")}


def test_no_template_depends_on_the_date_or_on_random_values() -> None:
    assert not re.search(r"\b(utcNow|newGuid)\(", text("main.json") + text("events.json"))


def test_every_enabled_linter_rule_is_an_error() -> None:
    assert len(RULES) > 30
    assert {rule["level"] for rule in RULES.values()} == {"error"}
    assert not NOT_ENABLED & set(RULES)


def test_only_one_file_makes_names() -> None:
    makers = [file.name for file in FILES if re.search(r"'\w*\$\{environmentName\}|'exchange-\$", file.read_text())]
    assert makers == ["names.bicep"]
