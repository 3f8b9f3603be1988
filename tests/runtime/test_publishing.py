"""What is uploaded is enough for the app to start, in a place where nothing else is."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.runtime.app import Json, RuntimeApp, app_process
from tests.runtime.publishing import publish, uploaded
from tests.stacks import ROOT

SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
# Says from where whatever was imported came.
START = """
import sys
sys.path.insert(0, ".")
import function_app
print(*{module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}, sep="\\n")
"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the app was published to, and the Python there."""

    folder: Path
    python: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("published") / "site"
    return Site(folder, publish(folder))


def test_what_runs_is_uploaded_and_nothing_else() -> None:
    files = uploaded()
    assert {name.partition("/")[0] for name in files} == {
        "function_app.py",
        "functions",
        "host.json",
        "requirements.txt",
    }
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "functions").rglob("*.py")}
    assert {name for name in files if name.startswith("functions/")} == sources


def test_what_is_made_here_stays_here() -> None:
    kept = (ROOT / ".gitignore").read_text().split()
    left_out = (ROOT / ".funcignore").read_text().split("\n")
    covered = {"local.settings.json": "local.settings*"}
    assert [line for line in kept if covered.get(line, line).rstrip("/") not in left_out] == []


@pytest.mark.timeout(300)
def test_it_starts_where_nothing_else_is(site: Site) -> None:
    command = [str(site.python), "-I", "-c", START]
    environment = {"PATH": os.environ["PATH"], **SAMPLE}
    said = subprocess.run(command, cwd=site.folder, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 - ours
    assert str(site.folder / "functions" / "wiring.py") in said.stdout
    assert [line for line in said.stdout.splitlines() if Path(line).is_relative_to(ROOT)] == []


@pytest.mark.timeout(300)
async def test_there_too_the_functions_are_these(site: Site, app: RuntimeApp, tmp_path: Path) -> None:
    async with app_process(tmp_path / "app.log", SAMPLE, site.folder, str(site.python)) as published:
        await published.start()
        assert _bindings(published) == _bindings(app)


def _bindings(app: RuntimeApp) -> dict[str, list[Json]]:
    return {name: app.bindings(name) for name in app.functions}
