"""`python -m local.install`: install the emulators' npm packages, if they are not there as the lock file says."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from local.paths import EMULATORS, NODE, NPM
from local.problem import StackError

_STAMP = EMULATORS / "node_modules" / ".installed"


def install(node: Path = NODE) -> bool:
    """Install what the lock file names; return whether there was anything to do. Raises StackError."""
    if not node.exists():
        raise StackError(f"There is no Node at {node}. Install it with: make install")
    wanted = hashlib.sha256((EMULATORS / "package-lock.json").read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return False
    print("Installing the emulators (npm) ...", flush=True)
    # npm starts Node by its name: let it find this one.
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(node), str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=EMULATORS, env=environment, check=False)
    if done.returncode != 0:
        raise StackError("The emulators' npm packages could not be installed: is the npm registry within reach?")
    _STAMP.write_text(wanted)
    return True


if __name__ == "__main__":
    try:
        install()
    except StackError as error:
        sys.exit(str(error))
