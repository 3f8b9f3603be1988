"""Which part of the code may import which. A room is a top-level module or package of `exchange`, or `functions`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployed import INSTALLED_ONLY
from tests.stacks import ROOT

# What each room may import of the others.
ALLOWED: dict[str, set[str]] = {
    "contract": set(),
    "domain": {"contract"},
    "compare": {"contract", "domain", "files"},
    "files": set(),
    "ports": {"contract", "domain"},
    "settings": {"domain"},
    "telemetry": {"contract", "domain", "ports"},
    "concurrency": set(),
    "use_cases": {"concurrency", "contract", "domain", "ports", "telemetry"},
    "client": {"contract", "domain", "files", "version"},
    "formats": {"contract", "domain", "files"},
    "cli": {"client", "compare", "contract", "domain", "files", "formats", "robots", "version"},
    "adapters": {"concurrency", "contract", "domain", "ports", "settings", "telemetry"},
    "bootstrap": {"adapters", "contract", "domain", "ports", "settings"},
    "functions": {"bootstrap", "contract", "domain", "ports", "settings", "telemetry", "use_cases", "version"},
    "function_app": {"functions", "settings"},
    "robots": {"contract", "domain", "files", "version"},
    # exchange/__init__.py
    "version": set(),
}
WITHOUT_AZURE = {
    "client",
    "compare",
    "concurrency",
    "contract",
    "domain",
    "files",
    "formats",
    "ports",
    "robots",
    "settings",
    "telemetry",
    "use_cases",
    "version",
}
NOT_DEPLOYED = {"benchmarks", "infra", "local", "samples", "tests"}

CODE = [
    ROOT / "function_app.py",
    *sorted((ROOT / "exchange").rglob("*.py")),
    *sorted((ROOT / "functions").rglob("*.py")),
]
SAMPLES = sorted((ROOT / "samples").rglob("*.py"))
KIT_ROBOT = ROOT / "samples" / "robot"


def find_imports(file: Path) -> Iterator[str]:
    """Yield the full names of what a module imports, wherever in the module the import is."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used"
            # `from exchange import settings` imports exchange.settings.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of_file(file: Path) -> str:
    package, *rest = file.relative_to(ROOT).with_suffix("").parts
    if package != "exchange":
        return package
    return "version" if rest == ["__init__"] else rest[0]


def room_of_import(name: str) -> str | None:
    """Return the room that an import names. None if it is not our code."""
    package, *rest = name.split(".")
    if package == "exchange":
        return "version" if rest in ([], ["__version__"]) else rest[0]
    return package if package in {"functions", "function_app"} else None


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_the_table_has_every_room() -> None:
    assert {room_of_file(file) for file in CODE} == set(ALLOWED)


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    room = room_of_file(file)
    for name in find_imports(file):
        imported = room_of_import(name)
        assert imported is None or imported in {room, *ALLOWED[room]}, f"{room} must not import {name}"


@pytest.mark.parametrize("file", [file for file in CODE if room_of_file(file) not in INSTALLED_ONLY], ids=name_of)
def test_deployed_code_imports_only_what_is_deployed(file: Path) -> None:
    for name in find_imports(file):
        assert name.split(".")[0] not in NOT_DEPLOYED
        assert room_of_import(name) not in INSTALLED_ONLY


@pytest.mark.parametrize("file", [file for file in CODE if room_of_file(file) in INSTALLED_ONLY], ids=name_of)
def test_code_that_is_installed_only_imports_nothing_but_the_package(file: Path) -> None:
    assert not [name for name in find_imports(file) if name.split(".")[0] in NOT_DEPLOYED]


def test_what_is_installed_only_is_not_published() -> None:
    excluded = (ROOT / ".funcignore").read_text().splitlines()
    assert {f"exchange/{room}" for room in INSTALLED_ONLY} <= set(excluded)


@pytest.mark.parametrize("file", [file for file in CODE if room_of_file(file) in WITHOUT_AZURE], ids=name_of)
def test_the_rooms_without_azure_do_not_import_its_packages(file: Path) -> None:
    assert not [name for name in find_imports(file) if name.split(".")[0] in {"azure", "azurefunctions"}]


@pytest.mark.parametrize("file", [file for file in CODE if name_of(file).startswith("exchange/")], ids=name_of)
def test_exchange_does_not_depend_on_functions(file: Path) -> None:
    assert not [name for name in find_imports(file) if room_of_import(name) in {"functions", "function_app"}]


def find_importers(room: str) -> set[str]:
    """Return the files outside a room that import it."""
    return {
        name_of(file)
        for file in CODE
        for name in find_imports(file)
        if room_of_import(name) == room != room_of_file(file)
    }


def test_only_bootstrap_imports_the_adapters() -> None:
    assert find_importers("adapters") == {"exchange/bootstrap.py"}


def test_only_the_app_imports_bootstrap() -> None:
    assert find_importers("bootstrap") == {"functions/app.py"}


@pytest.mark.parametrize("file", SAMPLES, ids=name_of)
def test_a_sample_does_not_import_the_exchange_except_the_kit_in_the_robot_on_it(file: Path) -> None:
    ours = {"exchange", "functions", "function_app", *NOT_DEPLOYED - {"samples"}}
    kit = {"robots"} if file.is_relative_to(KIT_ROBOT) else set()
    imported = [name for name in find_imports(file) if name.split(".")[0] in ours]
    assert [name for name in imported if room_of_import(name) not in kit] == []


@pytest.mark.parametrize("file", [file for file in SAMPLES if not file.is_relative_to(KIT_ROBOT)], ids=name_of)
def test_the_other_samples_do_not_import_the_robot_on_the_kit(file: Path) -> None:
    assert not [name for name in find_imports(file) if name.startswith("samples.robot.")]
