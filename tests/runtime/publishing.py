"""The files that publishing the app uploads, and an environment like the one in Azure."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.stacks import ROOT


def list_uploaded() -> list[str]:
    """Return the files of the project that `.funcignore` does not exclude. Git reads it like its own ignore files."""
    excluded = set(_list_files("--cached", "--ignored", "--exclude-from=.funcignore"))
    return [name for name in _list_files("--cached") if name not in excluded and (ROOT / name).exists()]


def publish(site: Path) -> Path:
    """Copy the uploaded files to the folder and install the requirements as Azure does. Return the Python to use."""
    for name in list_uploaded():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, site / name)
    environment = site.with_name("venv")
    _run(sys.executable, "-m", "venv", str(environment))
    python = environment / "bin" / "python"
    requirements = ("--require-hashes", "--requirement", str(site / "requirements.txt"))
    _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
    return python


def _list_files(*options: str) -> list[str]:
    return _run("git", "ls-files", "-z", *options).rstrip("\0").split("\0")


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - ours
