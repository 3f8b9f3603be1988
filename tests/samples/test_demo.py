"""Parts of the demo that its own run does not prove."""

import json
import subprocess
import sys
from pathlib import Path

from local.demo.show import keep_status
from tests.samples.stand_in import PATIENCE_S
from tests.stacks import ROOT


def test_a_kept_status_has_no_signatures(tmp_path: Path) -> None:
    batch = {
        "id": "1",
        "reference_data_url": "http://storage/batches/1?sig=secret",
        "result_storage_url": "http://storage/results/1?sig=secret",
        "validation_result_file": "http://storage/batches/1.txt?sig=secret",
        "validation_result_url": None,
    }
    keep_status(tmp_path / "act", batch)
    kept = (tmp_path / "act" / "status.json").read_text()
    assert "secret" not in kept
    assert json.loads(kept)["validation_result_file"] == "http://storage/batches/1.txt"


def test_a_leashed_module_ends_with_its_stdin() -> None:
    command = [sys.executable, "-m", "local.demo.leashed", "http.server", "0", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - arguments are ours
    try:
        assert process.poll() is None
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
