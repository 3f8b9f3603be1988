"""The check of what is kept: it fails for each reason that it can, and names what."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.compiled import check, made
from tests.bicep.compiler_process import compiler_process
from tests.infra.reading import INFRA
from tests.stacks import ROOT

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a copy of infra/."""
    return Path(shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__", "deploy")))


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_what_is_kept_is_current_and_nothing_is_wrong_with_it() -> None:
    assert check(INFRA) == []


def test_what_is_made_again_is_the_same_and_so_it_is_by_a_compiler_that_stays(folder: Path) -> None:
    with compiler_process() as process:
        assert made(folder) == made(folder) == process.made(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("modules/cosmos.bicep", "disableLocalAuth", "disableLocalAuthentication"),
        ("events.bicep", "param dataStorageName string", "param dataStorageName string\nparam unused int"),
        ("dev.bicepparam", "param zoneRedundant = false", "param zoneRedundant = 'no'"),
    ],
    ids=["a_misspelt_property", "an_unused_parameter", "a_value_of_another_type"],
)
def test_what_the_compiler_prints_is_named(folder: Path, file: str, old: str, new: str) -> None:
    edit(folder / file, old, new)
    assert [fault for fault in check(folder) if fault.startswith(f"{file}(")]


def test_files_that_are_not_formatted_are_named(folder: Path) -> None:
    edit(folder / "prod.bicepparam", "param zoneRedundant =", "param zoneRedundant  =")
    edit(folder / "modules" / "vault.bicep", "  location:", "   location:")
    assert check(folder) == [
        f"{name}: `bicep format` would change it" for name in ("modules/vault.bicep", "prod.bicepparam")
    ]


def test_kept_files_that_are_not_current_or_not_there_are_named(folder: Path) -> None:
    edit(folder / "dev.snapshot.json", "Strong", "Session")
    edit(folder / "main.json", '"outputs"', '"output"')
    (folder / "prod.snapshot.json").unlink()
    named = [fault.split(": not what")[0] for fault in check(folder)]
    assert named == ["dev.snapshot.json", "main.json", "prod.snapshot.json"]


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_a_missing_compiler_is_an_error(option: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "infra.compiled", option],
        cwd=ROOT,
        env={**os.environ, "BICEP": "/nowhere/bicep"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.split(".")[0]) == (1, "The Bicep compiler /nowhere/bicep was not found")
