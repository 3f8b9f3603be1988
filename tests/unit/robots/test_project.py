"""`exchange robots new`: the project of a new robot runs as it is."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from exchange.cli.exits import Exit
from exchange.cli.main import run
from exchange.robots.project import ProjectError, write_project
from tests.stacks import ROOT

FILES = ["Dockerfile", "README.md", "pyproject.toml", "references.jsonl", "robot.py", "test_robot.py"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run_in(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *arguments],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_new_project_passes_its_test_and_the_check_of_its_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "robots" / "countries"
    assert run(["robots", "new", "Countries of the world", str(folder)]) == Exit.DONE
    assert capsys.readouterr().out.split() == [str(folder / file) for file in FILES]
    tested = run_in(folder, "-m", "pytest", "-p", "no:cacheprovider")
    assert "3 passed" in tested.stdout, tested.stdout
    tried = run_in(folder, "robot.py", "--try", "references.jsonl")
    (folder / "result.jsonl").write_text(tried.stdout)
    files = [str(folder / "result.jsonl"), "--references", str(folder / "references.jsonl")]
    assert run(["robots", "check-result", *files]) == Exit.DONE
    assert capsys.readouterr().err == "2 entries. 2 added.\n"


def test_the_files_have_the_name_of_the_robot(tmp_path: Path) -> None:
    write_project("Études & Co", tmp_path)
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    assert project["name"] == "tudes-co"
    assert 'Robot("Études & Co", ' in (tmp_path / "robot.py").read_text()
    assert (tmp_path / "README.md").read_text().startswith("# Études & Co\n")


def test_no_file_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "robot.py").write_text("mine")
    assert run(["robots", "new", "countries", str(tmp_path)]) == Exit.FAILED
    assert f"{tmp_path}/robot.py exists already." in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["robot.py"]
    assert (tmp_path / "robot.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "--", "a\nb", 'a"b', "東京"])
def test_a_name_that_cannot_be_used_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="The name must have a letter or a digit"):
        write_project(name, tmp_path / "project")
    assert not (tmp_path / "project").exists()
