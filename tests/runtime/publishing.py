"""What is uploaded when the app is published, and a place like the one where it then runs."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.stacks import ROOT


def uploaded() -> list[str]:
    """List the files of the project that `.funcignore` lets through; it is read as git reads its own."""
    left_out = set(_files("--cached", "--ignored", "--exclude-from=.funcignore"))
    return [name for name in _files("--cached") if name not in left_out and (ROOT / name).exists()]


def publish(site: Path) -> Path:
    """Upload into the folder, and install what is required as Azure does; return the Python that runs it."""
    for name in uploaded():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, site / name)
    environment = site.with_name("venv")
    _run(sys.executable, "-m", "venv", str(environment))
    python = environment / "bin" / "python"
    required = ("--require-hashes", "--requirement", str(site / "requirements.txt"))
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *required)
    return python


def _files(*options: str) -> list[str]:
    return _run("git", "ls-files", "-z", *options).rstrip("\0").split("\0")


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - ours
