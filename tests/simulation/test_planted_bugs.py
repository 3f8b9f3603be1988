"""The validator is checked: bugs are planted in a copy of the code, one at a time; random schedules must find each."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stacks import ROOT

SEEDS = 1500
COPIED = ("functions", "tests/simulation", "tests/fakes", "tests/results.py", "tests/__init__.py")


@dataclass(frozen=True, slots=True)
class Bug:
    """What is written instead of what, in which files."""

    name: str
    edits: tuple[tuple[str, str, str], ...]


def bug(name: str, *edits: tuple[str, str, str]) -> Bug:
    return Bug(name, tuple((f"functions/{file}", old, new) for file, old, new in edits))


ADVANCE, DELIVERY = "steps/advance.py", "domain/moves/delivery.py"
DISPATCHING, IMPORTING = "domain/moves/dispatching.py", "domain/moves/importing.py"
WINDOW = "steps/import_chunk.py"

BUGS = (
    bug(
        "a batch is written whoever has written it meanwhile",
        (
            ADVANCE,
            "await services.batches.replace(outcome.batch, stored.etag)",
            "await services.batches.replace(outcome.batch, (await services.batches.load(outcome.batch.id)).etag)",
        ),
    ),
    bug(
        "a message is sent before its cause is written",
        (
            ADVANCE,
            "    await services.batches.replace(outcome",
            "    await send_due(outcome.message, services)\n    await services.batches.replace(outcome",
        ),
    ),
    bug(
        "the sweep forgets batches that were reported",
        (
            "domain/lifecycle.py",
            (
                "        (events.ImportStarted, importing.begun, {_PINNED, _ENDED}),\n"
                "        (events.Swept, importing.swept, {_ENDED}),"
            ),
            "        (events.ImportStarted, importing.begun, {_PINNED, _ENDED}),",
        ),
    ),
    bug(
        "the import begins before the robot has called back",
        (DELIVERY, "if recorded.phase is Phase.DELIVERED else None", "or None"),
        (
            "domain/lifecycle.py",
            "        (events.Swept, delivery.swept,",
            "        (events.ImportStarted, importing.begun, {_PINNED}),\n        (events.Swept, delivery.swept,",
        ),
        (IMPORTING, "replace(batch, import_started=True,", "replace(batch, status=BatchStatus.IMPORTING, import_started=True,"),
    ),
    bug(
        "a validation of an upload that no longer stands is taken",
        (DELIVERY, "current_upload.etag != event.validation.etag or ", ""),
        (IMPORTING, "batch.validation_of(event.current_upload) is None", "batch.validation is None"),
    ),
    bug(
        "progress is recorded before the window is stored",
        (
            WINDOW,
            "    refusals: list[Refusal] = []\n",
            (
                "    refusals: list[Refusal] = []\n"
                "    early = Progress(chunks=batch.progress.chunks + 1, offset=window.end,\n"
                "                     added=batch.progress.added + len(window.entries))\n"
                "    batch = (await advance(batch.id, events.ChunkImported(early), services)).batch\n"
            ),
        ),
        (
            WINDOW,
            "    number = batch.progress.chunks + 1\n",
            "    return batch\n    number = batch.progress.chunks + 1\n",
        ),
    ),
    bug(
        "what the store refused is not kept",
        (WINDOW, "    if refusals:\n        await _keep", "    if not refusals:\n        await _keep"),
    ),
    bug(
        "a window is recorded twice",
        (
            IMPORTING,
            "if event.progress.chunks != batch.progress.chunks + 1:",
            "if event.progress.chunks < batch.progress.chunks:",
        ),
        (WINDOW, "added=batch.progress.added + len", "added=2 * batch.progress.added + len"),
    ),
    bug(
        "an error after the pin fails the batch",
        (
            "domain/lifecycle.py",
            "(events.CallbackFailed, delivery.contradicted, set())",
            "(events.CallbackFailed, delivery.reported_error, {_ENDED})",
        ),
    ),
    bug(
        "a 409 always rejects",
        (DISPATCHING, "event.http_status == _CONFLICT and (event.call > 1 or overtaken)", "False"),
    ),
    bug("two may call the robot at once", (DISPATCHING, " or in_flight:", ":")),
    bug(
        "a sign of work counts as progress",
        (IMPORTING, "Transition(replace(batch, worked_at=now))", "Transition(replace(batch, worked_at=now, resends=0))"),
    ),
    bug(
        "a result that stands does not save a batch",
        (DISPATCHING, "    if event.upload is not None or has_it:", "    if has_it:"),
    ),
    bug(
        "the missing references are not reported",
        ("steps/validate.py", "        await verdicts.write(lines)\n    return", "    return"),
    ),
    bug(
        "an ended batch can be ended again",
        (
            "domain/lifecycle.py",
            "    *_rows(\n        Phase.ENDED,\n",
            "    *_rows(\n        Phase.ENDED,\n        (events.ReportWritten, importing.report_written, set()),\n",
        ),
    ),
    bug(
        "the pin follows later uploads",
        (
            "domain/lifecycle.py",
            "        Phase.IMPORTING,\n",
            "        Phase.IMPORTING,\n        (events.ValidationFinished, delivery.validated, set()),\n",
        ),
        ("steps/validate.py", " or batch.phase in {Phase.IMPORTING, Phase.ENDED}:", ":"),
    ),
)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what the simulator needs, so that bugs can be planted in it."""
    folder = tmp_path_factory.mktemp("planted")
    for name in COPIED:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder


def soak(folder: Path, seeds: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-B", "-m", "tests.simulation.soak", "--seeds", str(seeds)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - arguments are ours


def test_there_are_bugs_enough() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 10


def test_the_copy_has_none_of_its_own(copy: Path) -> None:
    assert soak(copy, 100).returncode == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(copy: Path, bug: Bug) -> None:
    before = {file: (copy / file).read_text() for file, _, _ in bug.edits}
    try:
        for file, old, new in bug.edits:
            text = (copy / file).read_text()
            assert old in text, f"{file} has changed: plant the bug anew"
            (copy / file).write_text(text.replace(old, new, 1))
        found = soak(copy, SEEDS)
    finally:
        for file, text in before.items():
            (copy / file).write_text(text)
    assert found.returncode != 0, "nothing was noticed"
    assert "Again: make soak SEED=" in found.stderr, found.stderr
