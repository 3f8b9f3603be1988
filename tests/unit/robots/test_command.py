"""The command line."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from exchange.robots import Annotation, CannotJudge, Reference, Robot, SystematicFailure, annotation
from exchange.robots.command import _find_cache_folder
from tests.stacks import ROOT

SAMPLES = str(ROOT / "samples" / "references.jsonl")


@pytest.fixture(autouse=True)
def _unchanged_log() -> Iterator[None]:
    """Restore the handlers of the log, which each command replaces."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def make_robot(failing: str = "", workers: int = 1) -> Robot:
    robot = Robot("test", needs=["bibliographic"])

    @robot.enhance_many(size=workers)
    def label(references: list[Reference]) -> list[Annotation | CannotJudge]:
        if failing:
            raise SystematicFailure(failing)
        assert all(reference.abstract is None for reference in references), "the robot needs no abstracts"
        return [annotation("test", reference.title or "") for reference in references]

    return robot


@pytest.mark.parametrize("size", [1, 64])
def test_a_trial_prints_the_lines_for_a_references_file(size: int, capfd: pytest.CaptureFixture[str]) -> None:
    make_robot(workers=size).main(["--try", SAMPLES, "--workers", "3"])
    entries = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    titles = [entry["content"]["annotations"][0]["label"] for entry in entries]
    lines = [json.loads(line) for line in Path(SAMPLES).read_text().splitlines()]
    assert titles == [line["enhancements"][0]["content"]["title"] for line in lines]


def test_a_trial_keeps_the_ids_of_references_as_robots_receive_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reference_id, used = str(uuid4()), str(uuid4())
    content = {"enhancement_type": "bibliographic", "title": "A title"}
    reference = {"id": reference_id, "enhancements": [{"id": used, "content": content}]}
    file = tmp_path / "references.jsonl"
    file.write_text(f"{json.dumps(reference)}\n\n")
    make_robot().main(["--try", str(file)])
    entry = json.loads(capfd.readouterr().out)
    assert (entry["reference_id"], entry["derived_from"]) == (reference_id, [used])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}\n[]\n", r"references.jsonl:2: not a reference: ValidationError"),
        ('{"enhancements": [{}]}', r"references.jsonl:1: not a reference: KeyError: 'content'"),
        ('{"enhancements": ' + "[" * 100_000, r"references.jsonl:1: not a reference: RecursionError"),
        (None, "references.jsonl cannot be read: No such file"),
    ],
)
def test_a_trial_names_the_line_that_it_cannot_read(content: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "references.jsonl"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SystemExit, match=message):
        make_robot().main(["--try", str(file)])


def test_a_trial_of_a_function_that_fails_systematically_says_so() -> None:
    with pytest.raises(SystemExit, match="The whole batch would fail: no model"):
        make_robot(failing="no model").main(["--try", SAMPLES])


@pytest.mark.parametrize(
    ("argv", "environment", "message"),
    [
        ([], {}, "--api is required"),
        (["--api", "http://x"], {"ROBOT_ID": str(uuid4())}, "set ROBOT_SECRET in the environment"),
        (["--api", "http://x"], {"ROBOT_ID": "1", "ROBOT_SECRET": "s"}, "ROBOT_ID must be the id"),
        (["--api", "localhost:7071"], {}, "must be a URL that begins with http"),
        (["--port", "70000"], {}, "argument --port: must be 0 to 65535"),
        (["--port", "-1"], {}, "argument --port: must be 0 to 65535"),
        (["--port", "http"], {}, "argument --port: must be 0 to 65535"),
        (["--workers", "two"], {}, "argument --workers: must be at least 1"),
        (["--workers", "0"], {}, "must be at least 1"),
        (["--log", "xml"], {}, "invalid choice"),
        (["--pull"], {}, "--api is required"),
        (["--limit", "0"], {}, "argument --limit: must be 1 to 10000"),
        (["--limit", "10001"], {}, "argument --limit: must be 1 to 10000"),
        (["--lease", "2"], {}, "argument --lease: must be at least 3 seconds"),
        (["--lease", "PT10M"], {}, "argument --lease: must be at least 3 seconds"),
    ],
)
def test_wrong_arguments_are_named(
    argv: list[str],
    environment: dict[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in ("ROBOT_ID", "ROBOT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        make_robot().main(argv)
    assert ended.value.code == 2
    assert message in capfd.readouterr().err


@pytest.mark.parametrize(
    ("output", "code", "message"),
    [
        ("| true", 0, b""),
        ("> /dev/full", 1, b"The lines cannot be printed: No space left on device.\n"),
    ],
)
def test_a_trial_whose_output_cannot_be_written_ends_without_a_traceback(
    output: str, code: int, message: bytes
) -> None:
    if "/dev/full" in output and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    shell = f"set -o pipefail; {sys.executable} -m samples.robot --try {SAMPLES} {output}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, cwd=ROOT, check=False)  # noqa: S603, S607 - our own command
    assert (done.returncode, done.stderr) == (code, message)


@pytest.mark.parametrize("damage", ["a file in its place", "a folder in place of the lock", "a file, for results"])
def test_a_state_folder_that_cannot_be_used_is_named(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    robot_id, state = str(uuid4()), tmp_path / "state"
    if damage.startswith("a file"):
        state.touch()
    else:
        (state / robot_id / "lock").mkdir(parents=True)
    monkeypatch.setenv("ROBOT_ID", robot_id)
    monkeypatch.setenv("ROBOT_SECRET", "s")
    way = ["--pull"] if "results" in damage else ["--port", "0"]
    with pytest.raises(SystemExit, match=r"^The state folder .* cannot be used: .*\. Choose another with --state\.$"):
        make_robot().main(["--api", "http://localhost", "--state", str(state), *way])


def test_a_host_that_cannot_be_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROBOT_ID", str(uuid4()))
    monkeypatch.setenv("ROBOT_SECRET", "s")
    with pytest.raises(SystemExit, match=r"^The robot cannot listen on a\.\.b: "):
        make_robot().main(["--api", "http://localhost", "--host", "a..b", "--state", str(tmp_path)])


def test_the_state_is_in_the_cache_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert _find_cache_folder() == Path("/cache/exchange-robots")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/author")
    monkeypatch.setattr("sys.platform", "linux")
    assert _find_cache_folder() == Path("/home/author/.cache/exchange-robots")
    monkeypatch.setattr("sys.platform", "darwin")
    assert _find_cache_folder() == Path("/home/author/Library/Caches/exchange-robots")
