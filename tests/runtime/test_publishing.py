"""The uploaded files are enough for the app to start in an empty environment."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployed import INSTALLED_ONLY
from tests.runtime.app import Json, RuntimeApp, app_process
from tests.runtime.publishing import list_uploaded, publish
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
# Imports the app and prints the file of every imported module.
START = """
import sys
sys.path.insert(0, ".")
import function_app
print(*{module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}, sep="\\n")
"""


@dataclass(frozen=True, slots=True)
class Site:
    """The folder of the published app, and its Python."""

    folder: Path
    python: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("published") / "site"
    return Site(folder, publish(folder))


def list_files(folder: str) -> set[str]:
    """Return the files of a folder without compiled modules."""
    files = (path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(ROOT)) for path in files}


def test_exactly_the_files_that_the_app_needs_are_uploaded() -> None:
    files = set(list_uploaded())
    assert files == {
        "function_app.py",
        "host.json",
        "requirements.txt",
        *list_files("exchange") - set().union(*(list_files(f"exchange/{room}") for room in INSTALLED_ONLY)),
        *list_files("functions"),
        *(name for name in list_files("console") if not name.endswith((".d.ts", "/jsconfig.json"))),
    }
    static = "functions/http/static"
    for name in ("docs.css", "docs.js", "swagger-ui/swagger-ui.css", "swagger-ui/swagger-ui-bundle.js"):
        assert f"{static}/{name}" in files
    assert {f"{static}/swagger-ui/{name}" for name in ("LICENSE", "NOTICE", "manifest.json")} <= files


def test_files_that_git_ignores_are_not_uploaded() -> None:
    ignored = (ROOT / ".gitignore").read_text().split()
    excluded = (ROOT / ".funcignore").read_text().split("\n")
    covered = {"local.settings.json": "local.settings*"}
    assert [line for line in ignored if covered.get(line, line).rstrip("/") not in excluded] == []


def test_the_published_app_starts_in_an_empty_environment(site: Site) -> None:
    command = [str(site.python), "-I", "-c", START]
    environment = {"PATH": os.environ["PATH"], **SAMPLE}
    printed = subprocess.run(command, cwd=site.folder, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert str(site.folder / "functions" / "app.py") in printed.stdout
    assert [line for line in printed.stdout.splitlines() if Path(line).is_relative_to(ROOT)] == []


async def test_the_published_app_has_the_same_functions(site: Site, app: RuntimeApp, tmp_path: Path) -> None:
    async with app_process(tmp_path / "app.log", SAMPLE, site.folder, str(site.python)) as published:
        await published.start()
        assert _read_bindings(published) == _read_bindings(app)


def _read_bindings(app: RuntimeApp) -> dict[str, list[Json]]:
    return {name: app.bindings(name) for name in app.functions}
