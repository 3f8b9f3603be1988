"""Folders for unfinished results: those of killed processes are deleted, and no others."""

import os
from pathlib import Path

import pytest

from exchange.robots.errors import ServeError
from exchange.robots.folders import locked, temporary_folder


def make_old(folder: Path) -> Path:
    folder.mkdir()
    (folder / "result.jsonl").write_text("{}")
    os.utime(folder, (0, 0))
    return folder


def test_the_folders_of_killed_processes_are_deleted(tmp_path: Path) -> None:
    dead, foreign = make_old(tmp_path / "exchange-robot-dead"), make_old(tmp_path / "results")
    young = tmp_path / "exchange-robot-young"
    young.mkdir()
    with temporary_folder(tmp_path) as own:
        assert not dead.exists()
        assert {young, foreign, own} == set(tmp_path.iterdir())
    assert {young, foreign} == set(tmp_path.iterdir())


def test_the_folder_of_a_running_process_stays(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as other:
        os.utime(other, (0, 0))
        with temporary_folder(tmp_path) as own:
            assert {other, own} == set(tmp_path.iterdir())


def test_two_processes_cannot_use_a_state_folder(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(ServeError, match="Another process of this robot"), locked(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServeError, match="cannot be used: Not a directory"), temporary_folder(tmp_path / "file" / "x"):
        pass
