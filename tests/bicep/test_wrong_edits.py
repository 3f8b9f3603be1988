"""Wrong edits of the Bicep files, one at a time: each is caught."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import pytest

from infra.compiled import CompilerError
from tests.bicep.compiler_process import CompilerProcess, compiler_process
from tests.bicep.edits import EDITS, THE_COMPILER, Edit
from tests.infra.reading import INFRA
from tests.stacks import ROOT

Caught = set[str]


@pytest.fixture(scope="session")
def caught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Edit, Future[Caught]]]:
    """Start on all of them, as many at once as there are processors; give what will be known of each."""
    at_once = os.cpu_count() or 1
    idle: SimpleQueue[CompilerProcess] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(at_once):
            idle.put(stack.enter_context(compiler_process()))
        pool = stack.enter_context(ThreadPoolExecutor(at_once))
        folders = {edit: tmp_path_factory.mktemp("edited") / "infra" for edit in EDITS}
        yield {edit: pool.submit(_catchers, edit, folder, idle) for edit, folder in folders.items()}
        pool.shutdown(cancel_futures=True)


def _catchers(edit: Edit, folder: Path, idle: SimpleQueue[CompilerProcess]) -> Caught:
    """Edit a copy; return the tests that fail on it, or say that the compiler would not have it."""
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns("__pycache__", "deploy"))
    file = folder / edit.file
    text = file.read_text()
    assert text.count(edit.old) == 1, f"{edit.file} has not once: {edit.old}"
    file.write_text(text.replace(edit.old, edit.new))
    process = idle.get()
    try:
        made = process.made(folder)
    except CompilerError:
        return {THE_COMPILER}
    finally:
        idle.put(process)
    for name, content in made.items():
        (folder / name).write_text(content)
    return _failing(folder)


def _failing(folder: Path) -> Caught:
    """Run the tests of tests/infra on the folder; return the names of those that fail."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "--ignore=tests/infra/deploy"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "tests/infra"],
        cwd=ROOT,
        env={**os.environ, "INFRA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.said.replace(" ", "_"))
def test_a_wrong_edit_is_caught(caught: dict[Edit, Future[Caught]], edit: Edit) -> None:
    assert edit.caught_by in caught[edit].result()


@pytest.mark.timeout(300)
def test_without_an_edit_nothing_fails() -> None:
    assert _failing(INFRA) == set()


def test_there_are_twenty_at_least_and_each_is_another_one() -> None:
    assert len({(edit.file, edit.old, edit.new) for edit in EDITS}) == len(EDITS) >= 20
    assert sum(edit.caught_by != THE_COMPILER for edit in EDITS) >= 20
