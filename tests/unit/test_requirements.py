import re

import pytest

from tests.stacks import ROOT

PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ;\\]+)")


def lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]


def pins(name: str) -> set[tuple[str, str]]:
    return {(found[1], found[2]) for line in lines(name) if (found := PIN.match(line))}


def test_what_is_deployed_is_locked_to_what_was_chosen() -> None:
    chosen, locked = pins("requirements.in"), pins("requirements.txt")
    assert len(chosen) == len(lines("requirements.in"))
    assert chosen <= locked


def test_every_locked_package_has_its_hashes() -> None:
    text = (ROOT / "requirements.txt").read_text()
    entries = re.split(r"\n(?=[a-z])", text.partition("\n")[2])
    assert len(entries) == len(pins("requirements.txt")) >= 30
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


@pytest.mark.parametrize(
    "name", ["requirements-local.txt", "requirements-dev.txt", "requirements-sdk.txt", "requirements-bench.txt"]
)
def test_what_else_is_installed_is_pinned_and_agrees(name: str) -> None:
    assert all(PIN.match(line) for line in lines(name))
    deployed = dict(pins("requirements.txt"))
    assert [package for package, version in pins(name) if deployed.get(package, version) != version] == []


def test_no_test_tooling_is_deployed() -> None:
    assert not {"pytest", "hypothesis", "mypy", "ruff", "rich", "trustme"} & {
        name for name, _ in pins("requirements.txt")
    }
