"""The lock file pins every dependency, and the requirements for Azure are exported from it."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from exchange import __version__
from tests.stacks import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
REQUIREMENTS = (ROOT / "requirements.txt").read_text()

EXACT = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)")
CHOSEN = {"azure": PROJECT["project"]["optional-dependencies"]["azure"], **PROJECT["dependency-groups"]}


def find_pins(lines: list[str]) -> set[tuple[str, str]]:
    return {(found[1], found[2]) for line in lines if (found := EXACT.match(line))}


DEPLOYED = find_pins(REQUIREMENTS.splitlines())
LOCKED = {(package["name"], package.get("version")) for package in LOCK}


@pytest.mark.parametrize("name", CHOSEN)
def test_every_chosen_dependency_has_an_exact_version_that_is_locked(name: str) -> None:
    chosen = find_pins(CHOSEN[name])
    assert len(chosen) == len(CHOSEN[name])
    assert chosen <= LOCKED


def test_the_exported_requirements_contain_the_extra_and_match_the_lock() -> None:
    assert find_pins(CHOSEN["azure"]) <= DEPLOYED <= LOCKED


def test_the_base_dependencies_are_deployed_unless_only_other_parts_need_them() -> None:
    names = {re.split(r"[^a-z0-9-]", dependency)[0] for dependency in PROJECT["project"]["dependencies"]}
    found = re.search(r"^NOT_DEPLOYED := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None
    not_deployed = set(found[1].split())
    assert not_deployed < names
    assert names & {name for name, _ in DEPLOYED} == names - not_deployed


def test_every_deployed_package_has_hashes() -> None:
    entries = re.split(r"\n(?=[a-z])", REQUIREMENTS.partition("\n")[2])
    assert len(entries) == len(DEPLOYED) >= 30
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def test_no_test_tooling_is_deployed() -> None:
    tooling = {name for group in PROJECT["dependency-groups"] for name, _ in find_pins(CHOSEN[group])}
    assert not tooling - {"certifi", "cryptography"} & {name for name, _ in DEPLOYED}


def test_both_generations_of_the_worker_library_are_deployed() -> None:
    for version, marker in (("1.26.0", "< '3.13'"), ("2.3.0", ">= '3.13'")):
        assert f"azure-functions=={version} ; python_full_version {marker}" in REQUIREMENTS


def test_the_lock_file_names_public_addresses_only() -> None:
    """A lock file that was made through a package mirror contains addresses that other machines may not reach."""
    assert {urlsplit(address).netloc for address in find_addresses()} == {"pypi.org", "files.pythonhosted.org"}


def find_addresses() -> Iterator[str]:
    for package in LOCK:
        if "registry" in package["source"]:
            yield package["source"]["registry"]
            files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
            yield from (file["url"] for file in files)


def test_the_pre_commit_hooks_use_the_locked_ruff() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    assert re.findall(r"ruff-pre-commit\n    rev: v(\S+)", hooks) == [dict(LOCKED)["ruff"]]


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == __version__
