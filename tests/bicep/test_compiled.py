"""`python -m infra.compiled`: the check reports each kind of fault and names the file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.compiled import check, compile_folder
from tests.bicep.compiler_process import compiler_process
from tests.infra.reading import INFRA
from tests.stacks import ROOT

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of infra/."""
    return Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__", "deploy")))


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_the_committed_files_have_no_fault() -> None:
    assert check(INFRA) == []


def test_compiling_twice_or_in_a_long_running_process_gives_the_same(folder: Path) -> None:
    with compiler_process() as process:
        assert compile_folder(folder) == compile_folder(folder) == process.compile_folder(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("modules/cosmos.bicep", "disableLocalAuth", "disableLocalAuthentication"),
        ("events.bicep", "param dataStorageName string", "param dataStorageName string\nparam unused int"),
        ("dev.bicepparam", "param zoneRedundant = false", "param zoneRedundant = 'no'"),
    ],
    ids=["misspelt_property", "unused_parameter", "value_of_another_type"],
)
def test_a_diagnostic_of_the_compiler_is_reported(folder: Path, file: str, old: str, new: str) -> None:
    edit(folder / file, old, new)
    assert [fault for fault in check(folder) if fault.startswith(f"{file}(")]


def test_an_unformatted_file_is_reported(folder: Path) -> None:
    edit(folder / "prod.bicepparam", "param zoneRedundant =", "param zoneRedundant  =")
    edit(folder / "modules" / "vault.bicep", "  location:", "   location:")
    assert check(folder) == [
        f"{name}: `bicep format` would change it" for name in ("modules/vault.bicep", "prod.bicepparam")
    ]


def test_an_outdated_or_missing_file_is_reported(folder: Path) -> None:
    edit(folder / "dev.snapshot.json", "Strong", "Session")
    edit(folder / "main.json", '"outputs"', '"output"')
    (folder / "prod.snapshot.json").unlink()
    reported = [fault.split(": differs from")[0] for fault in check(folder)]
    assert reported == ["dev.snapshot.json", "main.json", "prod.snapshot.json"]


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_a_missing_compiler_is_an_error(option: str) -> None:
    run = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "infra.compiled", option],
        cwd=ROOT,
        env={**os.environ, "BICEP": "/nowhere/bicep"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr.split(".")[0]) == (1, "The Bicep compiler /nowhere/bicep was not found")
