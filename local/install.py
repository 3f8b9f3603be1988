"""`python -m local.install`: install the emulators' npm packages, if they are not there as the lock file says."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from local.paths import EMULATORS, NODE, NPM
from local.problem import StackError


def install(node: Path = NODE, folder: Path = EMULATORS) -> bool:
    """Install what the folder's lock file names; return whether there was anything to do. Raises StackError."""
    if not node.exists():
        raise StackError(f"There is no Node at {node}. Install it with: make install")
    stamp = folder / "node_modules" / ".installed"
    with (folder / "package-lock.json").open("rb") as lock:
        # Two stacks that start at once would install into each other's folder: the second waits, and finds it done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        _npm_ci(node, folder)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(wanted)
    return True


def _npm_ci(node: Path, folder: Path) -> None:
    print("Installing the emulators (npm) ...", flush=True)
    # npm starts Node by its name: let it find this one.
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(node), str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, env=environment, check=False)
    if done.returncode != 0:
        raise StackError("The emulators' npm packages could not be installed: is the npm registry within reach?")


if __name__ == "__main__":
    try:
        install()
    except StackError as error:
        sys.exit(str(error))
