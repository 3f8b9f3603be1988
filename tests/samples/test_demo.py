"""Parts of the demo that a run of the demo does not check."""

import json
import subprocess
import sys
from pathlib import Path

from local.demo.output import save_status
from tests.samples.fake_exchange import TIMEOUT_S
from tests.stacks import ROOT


def test_a_saved_status_has_no_signatures(tmp_path: Path) -> None:
    batch = {
        "id": "1",
        "reference_data_url": "http://storage/batches/1?sig=secret",
        "result_storage_url": "http://storage/results/1?sig=secret",
        "validation_result_file": "http://storage/batches/1.txt?sig=secret",
        "validation_result_url": None,
    }
    save_status(tmp_path / "part", batch)
    saved = (tmp_path / "part" / "status.json").read_text()
    assert "secret" not in saved
    assert json.loads(saved)["validation_result_file"] == "http://storage/batches/1.txt"


def test_a_module_exits_when_its_stdin_closes() -> None:
    command = [sys.executable, "-m", "local.demo.exit_with_stdin", "http.server", "0", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - we build the arguments
    try:
        assert process.poll() is None
        process.communicate(timeout=TIMEOUT_S)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
