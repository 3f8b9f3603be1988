"""`python -m tests.console.check types` or `lint`: check the console's own modules with tsc or eslint."""

import subprocess
import sys
from pathlib import Path

from local.paths import NODE, ROOT
from tests.console.vendor import NPM_FOLDER

_MODULES = NPM_FOLDER / "node_modules"


def check_types(console: Path = ROOT / "console") -> int:
    """Print what tsc finds in the folder's modules. Return its exit code."""
    return _run(_MODULES / "typescript" / "bin" / "tsc", "--project", str(console / "jsconfig.json"), folder=ROOT)


def lint(root: Path = ROOT) -> int:
    """Print what eslint finds in the modules of `console/` in this folder. Return its exit code."""
    options = ("--config", str(NPM_FOLDER / "eslint.config.js"), "--max-warnings=0", "--no-error-on-unmatched-pattern")
    return _run(_MODULES / "eslint" / "bin" / "eslint.js", *options, "console", folder=root)


def _run(script: Path, *arguments: str, folder: Path) -> int:
    return subprocess.run([str(NODE), str(script), *arguments], cwd=folder, check=False).returncode  # noqa: S603 - ours


if __name__ == "__main__":
    sys.exit({"types": check_types, "lint": lint}[sys.argv[1]]())
