"""The commands of docs/walkthrough.md and docs/requestors.md, run as they are written.

Only the addresses, the folders and the port of the robot are replaced. The commands of requestors.md need the stack and
the robot of the walkthrough, so both documents run in one shell.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.documents.reading import fences
from tests.stacks import ROOT, Stack

WALKTHROUGH = fences("docs/walkthrough.md", "sh")
REQUESTORS = fences("docs/requestors.md", "sh")
STOP = "kill %1\n"


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def printed(usual_stack: Stack, folder: Path) -> list[str]:
    """Run the commands of both documents and return what each block printed."""
    shell, curl = shutil.which("bash"), shutil.which("curl")
    assert shell, "bash runs the commands"
    assert curl, "curl makes the calls"
    *steps, stop = WALKTHROUGH
    assert stop == STOP
    script = "set -euo pipefail\n" + "\necho ---\n".join([*steps, *REQUESTORS, stop])
    script = script.replace(".local/stack.json", str(usual_stack.folder / "stack.json"))
    script = script.replace(".local/", f"{folder}/").replace("8000", str(find_free_port()))
    # The tests may run in another virtual environment than that of the README.
    script = script.replace(".venv/bin/python", sys.executable)
    finished = subprocess.run([shell, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)  # noqa: S603 - the document's own
    assert finished.returncode == 0, finished.stderr
    blocks = finished.stdout.split("---\n")
    assert len(blocks) == len(WALKTHROUGH) + len(REQUESTORS)
    return blocks


def test_the_walkthrough_prints_what_it_says(printed: list[str]) -> None:
    steps = printed[: len(WALKTHROUGH) - 1]
    assert len(steps[1].splitlines()) == 5
    status, report, reference = steps[-3].strip(), steps[-2].splitlines(), steps[-1]
    assert status in {"completed", "partial_failed"}
    assert len(report) == 5
    assert any(line.endswith("Enhancement added.") for line in report)
    assert "study-design" in reference


def test_the_commands_for_requestors_print_what_their_page_says(printed: list[str], folder: Path) -> None:
    blocks = printed[len(WALKTHROUGH) - 1 : -1]
    status, report, not_enhanced = (
        blocks[index_of(words)].strip()
        for words in ('echo "$STATUS"', "validation_result_file", "if reference not in enhanced")
    )
    assert status == "completed"
    assert re.fullmatch(r"Reference [0-9a-f-]{36}: Enhancement added\.", report)
    assert not_enhanced == ""
    assert json.loads(blocks[index_of("status=$STATUS")])["batch_requests"][0]["source"] == "my review"
    found, enhanced = (read(folder / "requestor" / name) for name in ("found.json", "enhanced.json"))
    assert found["id"] == enhanced["id"]
    assert {added["source"] for added in enhanced["enhancements"]} == {"my library", "study-design-robot"}


def read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def index_of(words: str) -> int:
    """Return which block of docs/requestors.md has these words."""
    (index,) = (number for number, block in enumerate(REQUESTORS) if words in block)
    return index
