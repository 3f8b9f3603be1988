"""Parts of the demo that a run of the demo does not check."""

import json
import subprocess
import sys
from pathlib import Path

from local.demo.expected_report import select_judgeable
from local.demo.output import save_status
from samples.study_design import find_tags
from tests.samples.fake_exchange import TIMEOUT_S
from tests.samples.references import load_samples, read_texts
from tests.stacks import ROOT


def test_the_first_part_requests_references_with_an_abstract_or_a_design_in_the_title() -> None:
    samples = {reference["id"]: reference for reference in load_samples()}
    selected = select_judgeable(samples)
    texts = {reference_id: read_texts(reference) for reference_id, reference in samples.items()}
    assert selected == [each for each, (title, abstract) in texts.items() if abstract or find_tags(title, "")]
    left_out = len(samples) - len(selected)
    assert left_out > 0
    assert f"for {left_out} of the {len(samples)} references" in (ROOT / "samples" / "README.md").read_text()


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
