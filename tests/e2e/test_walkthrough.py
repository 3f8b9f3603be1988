"""The walkthrough's commands, run as they are written, but for where the stack and its robot are."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.stacks import ROOT, Stack

DOCUMENT = (ROOT / "docs" / "walkthrough.md").read_text()


def test_the_walkthrough_is_true(usual_stack: Stack, tmp_path: Path, unused_tcp_port: int) -> None:
    shell, curl = shutil.which("bash"), shutil.which("curl")
    assert shell, "bash runs the commands"
    assert curl, "curl makes the calls"
    blocks = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    script = "set -euo pipefail\n" + "\necho ---\n".join(blocks)
    script = script.replace(".local/stack.json", str(usual_stack.folder / "stack.json"))
    script = script.replace(".local/walkthrough", str(tmp_path / "walkthrough")).replace("8000", str(unused_tcp_port))
    # The virtual environment may be another one than the README's.
    script = script.replace(".venv/bin/python", sys.executable)
    done = subprocess.run([shell, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - the document's own
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("---\n")
    assert len(said[1].splitlines()) == 5
    status, report, reference = said[-3].strip(), said[-2].splitlines(), said[-1]
    assert status in {"completed", "partial_failed"}
    assert len(report) == 5
    assert any(line.endswith("Enhancement added.") for line in report)
    assert "study-design" in reference
