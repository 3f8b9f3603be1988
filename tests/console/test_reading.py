"""Large files are read with little memory, and reading can be aborted."""

import json
import subprocess
from pathlib import Path

import pytest

from local.paths import NODE, ROOT
from tests.unit.compare.sides import Json

FOLDER = Path(__file__).parent
MIB = 1 << 20


def run(script: str, *options: str) -> Json:
    command = [str(NODE), *options, str(FOLDER / script)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stderr[-2000:]
    result: Json = json.loads(done.stdout)
    return result


@pytest.mark.exhaustive
def test_two_files_of_100_mb_need_little_memory() -> None:
    result = run("read_large_files.mjs", "--max-old-space-size=128")
    assert result["bytes"] > 100_000_000
    assert result["lines"] == 100_000
    assert result["reports"] > 100
    assert result["totals"] == [100_000] * 3
    assert all(result["disagreements"])


def test_reading_can_be_aborted() -> None:
    assert run("abort_reading.mjs") == {"error": "AbortError", "cancelled": True}
