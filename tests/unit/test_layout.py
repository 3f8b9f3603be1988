"""The lines between the rooms of the code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stacks import ROOT

FUNCTIONS = ROOT / "functions"

# What each room may import of the others.
MAY = {
    "contract": set(),
    "domain": {"contract"},
    "ports": {"contract", "domain"},
    "telemetry": {"contract", "domain"},
    "steps": {"contract", "domain", "ports", "telemetry"},
    "adapters": {"contract", "domain", "ports", "telemetry"},
    "settings": set(),
    "triggers": {"contract", "domain", "ports", "settings", "steps", "telemetry"},
    "connections": {"adapters", "domain", "ports", "settings"},
    "wiring": {"connections", "settings", "telemetry", "triggers"},
}
WITHOUT_AZURE = {"contract", "domain", "ports", "settings", "steps", "telemetry"}
MODULES = sorted(FUNCTIONS.rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            # `from functions import x` is an import of functions.x.
            yield from (f"{node.module}.{name.name}" for name in node.names)


def room_of(parts: tuple[str, ...]) -> str:
    return parts[1].removesuffix(".py") if len(parts) > 1 else ""


def test_there_is_something_to_look_at() -> None:
    assert {room_of(file.relative_to(ROOT).parts) for file in MODULES} == {*MAY, "__init__"}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(FUNCTIONS)))
def test_imports_go_one_way(file: Path) -> None:
    room = room_of(file.relative_to(ROOT).parts)
    for name in imports(file):
        top, *rest = name.split(".")
        assert top not in {"local", "tests", "samples", "benchmarks"}, f"{name} is not deployed"
        if top == "functions":
            assert rest[0] in {room, *MAY[room]}, f"{room} may not import {name}"
        if top in {"azure", "azurefunctions"}:
            assert room not in WITHOUT_AZURE, f"{room} may not import {name}"


@pytest.mark.parametrize("file", sorted((ROOT / "samples").rglob("*.py")), ids=lambda file: file.stem)
def test_a_robot_needs_nothing_of_the_exchange(file: Path) -> None:
    assert not [name for name in imports(file) if name.split(".")[0] in {"functions", "local", "tests"}]


def test_one_place_alone_makes_the_adapters() -> None:
    knows = {room_of(file.relative_to(ROOT).parts) for file in MODULES for name in imports(file) if "adapters" in name}
    assert knows == {"adapters", "connections"}
