"""Each wrong edit of the Bicep files is caught by the compiler or by a test in tests/infra."""

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
    """Test all edits, with one compiler for each processor. Return a future with the catchers of each edit."""
    workers = os.cpu_count() or 1
    idle: SimpleQueue[CompilerProcess] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(workers):
            idle.put(stack.enter_context(compiler_process()))
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        folders = {edit: tmp_path_factory.mktemp("edited") / "infra" for edit in EDITS}
        yield {edit: pool.submit(_find_catchers, edit, folder, idle) for edit, folder in folders.items()}
        pool.shutdown(cancel_futures=True)


def _find_catchers(edit: Edit, folder: Path, idle: SimpleQueue[CompilerProcess]) -> Caught:
    """Edit a copy. Return the tests that fail on it, or THE_COMPILER."""
    shutil.copytree(INFRA, folder, ignore=shutil.ignore_patterns("__pycache__", "deploy"))
    file = folder / edit.file
    text = file.read_text()
    assert text.count(edit.old) == 1, f"{edit.file} must contain exactly once: {edit.old}"
    file.write_text(text.replace(edit.old, edit.new))
    process = idle.get()
    try:
        compiled = process.compile_folder(folder)
    except CompilerError:
        return {THE_COMPILER}
    finally:
        idle.put(process)
    for name, content in compiled.items():
        (folder / name).write_text(content)
    return _list_failing_tests(folder)


def _list_failing_tests(folder: Path) -> Caught:
    """Run tests/infra on the folder. Return the names of the tests that fail."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "--ignore=tests/infra/deploy"]
    run = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "tests/infra"],
        cwd=ROOT,
        env={**os.environ, "INFRA": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode in {0, 1}, run.stdout + run.stderr
    return set(re.findall(r"^FAILED \S+::(\w+)", run.stdout, re.MULTILINE))


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.description.replace(" ", "_"))
def test_a_wrong_edit_is_caught(caught: dict[Edit, Future[Caught]], edit: Edit) -> None:
    assert edit.caught_by in caught[edit].result()


@pytest.mark.timeout(300)
def test_without_an_edit_no_test_fails() -> None:
    assert _list_failing_tests(INFRA) == set()


def test_the_edits_are_at_least_twenty_and_differ() -> None:
    assert len({(edit.file, edit.old, edit.new) for edit in EDITS}) == len(EDITS) >= 20
    assert sum(edit.caught_by != THE_COMPILER for edit in EDITS) >= 20
