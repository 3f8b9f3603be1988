"""The commands of docs/walkthrough.md and docs/requestors.md, run as they are written.

Only the addresses, the folders and the port of the robot are replaced. The commands of requestors.md need the stack and
the robot of the walkthrough, so both documents run in one shell. In the exhaustive tier they run twice on one stack.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.cli.exits import Exit
from local.next_steps import make_first_command
from tests.documents.reading import fences, text_of
from tests.stacks import ROOT, Stack
from tests.tiers import fast_or_exhaustive

WALKTHROUGH = fences("docs/walkthrough.md", "sh")
REQUESTORS = fences("docs/requestors.md", "sh")
# The steps with the command, and then the same calls with curl.
SIGN_IN, LOAD, REGISTER, START, REQUEST, REPORT, EXPORT, FUNCTIONS, *ON_THE_WIRE, STOP = WALKTHROUGH
LOAD_BY_CURL, REQUEST_BY_CURL, WAIT_BY_CURL, REPORT_BY_CURL = ON_THE_WIRE
BLOCKS = [*WALKTHROUGH[:-1], *REQUESTORS, STOP]
SEPARATOR = "\necho ---\n"
TIMEOUT_S = 180
RUNS = fast_or_exhaustive([0], [0, 1])


class Shell:
    """Runs commands of the documents on a stack, with files and a robot's port of its own."""

    def __init__(self, stack: Stack, folder: Path, port: int) -> None:
        self._stack = stack
        self._folder = folder
        self._port = port

    def run(self, script: str) -> "subprocess.CompletedProcess[str]":
        """Run commands in one shell, and return what they printed."""
        shell, curl = shutil.which("bash"), shutil.which("curl")
        assert shell, "bash runs the commands"
        assert curl, "curl makes the calls"
        script = script.replace(".local/stack.json", str(self._stack.folder / "stack.json"))
        script = script.replace(".local/", f"{self._folder}/").replace("8000", str(self._port))
        # The tests may run in another virtual environment than that of the README.
        script = script.replace(".venv/bin/python", sys.executable)
        # A robot that still runs would keep the output open.
        script = f"trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{script}"
        return subprocess.run(  # noqa: S603 - the document's own
            [shell, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def runs(usual_stack: Stack, folder: Path, unused_tcp_port_factory: Callable[[], int]) -> list[list[str]]:
    """Run the commands of both documents in one shell. Return what each block printed in each run."""
    shell = Shell(usual_stack, folder, unused_tcp_port_factory())
    finished = shell.run("set -euo pipefail\n" + SEPARATOR.join(BLOCKS * len(RUNS)))
    assert finished.returncode == 0, finished.stderr
    printed = finished.stdout.split("---\n")
    assert len(printed) == len(RUNS) * len(BLOCKS)
    return [printed[run * len(BLOCKS) :][: len(BLOCKS)] for run in RUNS]


@pytest.fixture
def shell(usual_stack: Stack, tmp_path: Path, unused_tcp_port: int) -> Shell:
    (tmp_path / "walkthrough").mkdir()
    return Shell(usual_stack, tmp_path, unused_tcp_port)


@pytest.mark.parametrize("run", RUNS, ids=["first run", "second run"][: len(RUNS)])
def test_the_walkthrough_prints_what_it_says(runs: list[list[str]], run: int) -> None:
    _, _, registered, started, ended, report, tagged, _, loaded, requested, waited, read, *_ = runs[run]
    assert "study design " in registered
    assert "listening on port" in started
    assert "completed" in ended
    assert [line.partition(": ")[2] for line in report.splitlines()] == ["Enhancement added."] * 5
    assert tagged.count("TI  - ") == 5
    assert tagged.count("KW  - study-design:") >= 5
    lines = [json.loads(line) for line in loaded.splitlines() if line]
    assert [line["existing"] for line in lines] == [True] * 5
    assert json.loads(requested)["request_status"] == "received"
    assert waited.split()[-1] == "completed"
    assert set(waited.split()) <= {"received", "accepted", "importing", "completed"}
    assert [line.partition(": ")[2] for line in read.splitlines()] == ["Enhancement would be added."] * 5


@pytest.mark.parametrize("run", RUNS, ids=["first run", "second run"][: len(RUNS)])
def test_the_commands_for_requestors_print_what_their_page_says(runs: list[list[str]], run: int) -> None:
    blocks = runs[run][len(WALKTHROUGH) - 1 : -1]
    status, report, not_enhanced = (
        blocks[index_of(words)].strip()
        for words in ("request_status waiting_for", "validation_result_file", "if reference not in enhanced")
    )
    assert status.split()[-1] == "completed"
    assert re.fullmatch(r"Reference [0-9a-f-]{36}: Enhancement added\.", report)
    assert not_enhanced == ""
    assert json.loads(blocks[index_of("status=$STATUS")])["batch_requests"][0]["source"] == "my review"
    found, enhanced = (json.loads(blocks[index_of(name)]) for name in ("found.json", "enhanced.json"))
    assert found["id"] == enhanced["id"]
    assert {added["source"] for added in enhanced["enhancements"]} == {"my library", "study-design-robot"}


def test_the_command_that_make_up_prints_loads_the_references_of_the_first_step(
    usual_stack: Stack, shell: Shell
) -> None:
    printed = subprocess.run(  # noqa: S603 - the command as it is printed
        ["bash", "-c", make_first_command(usual_stack.folder)],  # noqa: S607 - any bash works
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr
    step = shell.run(f"{SIGN_IN}\n{LOAD}\ncat .local/walkthrough/loaded.jsonl")
    loaded = (usual_stack.folder / "loaded.jsonl").read_text()
    everything, first = (
        [json.loads(line)["id"] for line in text.splitlines() if line] for text in (loaded, step.stdout)
    )
    assert len(everything) == 500
    assert everything[:5] == first


# What a reader sees if something is wrong.


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("token() { echo wrong; }; call operator /robots/", "The access token is invalid: it is malformed."),
        (
            f"{REQUESTORS[1]} TOKEN=wrong; API=$(stack api); {REQUESTORS[2]}",
            "The access token is invalid: it is malformed.",
        ),
        ("call requestor /robots/ --data '{}'", "Your access token must have the role 'operator'."),
        ("call requestor /references/enhancement/batch/abc", "batch_request_id must be a version 4 UUID."),
    ],
    ids=["token", "token of a requestor", "role", "id"],
)
def test_a_refused_call_prints_the_sentence_of_the_exchange(shell: Shell, command: str, sentence: str) -> None:
    finished = shell.run(f"{FUNCTIONS}\n{command}")
    assert finished.returncode == 22
    assert json.loads(finished.stdout)["detail"] == sentence


def test_waiting_for_an_unknown_batch_prints_the_sentence_of_the_exchange(shell: Shell) -> None:
    unknown = """echo '{"id": "ca543653-cbe9-4deb-9307-721011060625"}' > .local/walkthrough/batch.json"""
    finished = shell.run(f"{FUNCTIONS}\n{unknown}\n{WAIT_BY_CURL}")
    assert finished.stdout == ""
    assert finished.stderr.splitlines()[-1] == "The batch request does not exist."


def test_a_robot_that_does_not_run_is_reported_while_the_reader_waits(shell: Shell) -> None:
    finished = shell.run(f"set -euo pipefail\n{SIGN_IN}\n{LOAD}\n{REGISTER}\n{REQUEST}")
    assert finished.returncode == Exit.ENDED_WITH_FAILURES, finished.stderr
    # The wait is short on this stack, so the batch may have ended before it is read for the first time.
    *waits, end = re.findall(r"^[0-9a-f-]{36} (.+)$", finished.stderr, re.MULTILINE)
    assert all(
        re.fullmatch(r"received 0 of 5(: The robot cannot be reached: the connection failed .+)?", line)
        for line in waits
    )
    assert end == "failed 5 of 5"
    assert "The robot could not be reached in" in finished.stdout


def test_the_reason_for_waiting_is_printed_after_the_status(shell: Shell) -> None:
    answer = json.dumps(
        {"id": "1", "request_status": "received", "waiting_for": "The robot cannot be reached.", "error": None}
    )
    once = f"call() {{ echo '{answer}'; }}; grep() {{ false; }}; echo '{answer}' > .local/walkthrough/batch.json"
    finished = shell.run(f"{FUNCTIONS}\n{once}\n{WAIT_BY_CURL}")
    assert finished.stdout == "received  The robot cannot be reached.\n", finished.stderr


def test_a_robot_that_cannot_listen_is_reported(shell: Shell) -> None:
    finished = shell.run(f"set -euo pipefail\n{SIGN_IN}\n{REGISTER}\n{START}\n{START}")
    assert finished.returncode == 0, finished.stderr
    assert "The robot cannot listen on port" in finished.stdout


def test_a_stack_that_does_not_run_is_reported(shell: Shell) -> None:
    finished = shell.run(f"{FUNCTIONS}\nstack() {{ echo http://127.0.0.1:1; }}\ncall operator /robots/ | field id")
    assert "Failed to connect to 127.0.0.1" in finished.stderr
    assert finished.stderr.splitlines()[-1] == "There is no answer."


def test_a_stack_that_does_not_run_is_reported_by_the_command(shell: Shell) -> None:
    finished = shell.run(SIGN_IN.replace("login .local/stack.json", "login .local/missing.json"))
    assert finished.returncode == Exit.USAGE
    assert "missing.json is not the file of a local stack that runs." in finished.stderr


def test_the_page_explains_what_the_reader_sees() -> None:
    explained = text_of("docs/walkthrough.md").partition("## If it does not work")[2]
    for sentence in (
        ".local/stack.json is not the file of a local stack that runs.",
        "Is the local stack running?",
        "The access token is invalid: ",
        "The batch request does not exist.",
        "The robot cannot be reached: the connection failed",
        "The robot cannot listen on port",
    ):
        assert sentence in explained


def index_of(words: str) -> int:
    """Return which block of docs/requestors.md has these words."""
    (index,) = (number for number, block in enumerate(REQUESTORS) if words in block)
    return index
