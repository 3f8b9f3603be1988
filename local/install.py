"""`python -m local.install`: install the emulators' npm packages, unless they are those of the lock file already."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from local.errors import StackError
from local.paths import EMULATORS, NODE, NPM


def install(node: Path = NODE, folder: Path = EMULATORS, packages: str = "emulators") -> bool:
    """Install the packages of the folder's lock file. Return False if they were installed. Raises StackError.

    `packages` is what the packages are called in messages.
    """
    if not node.exists():
        raise StackError(f"Node is missing: {node} does not exist. Install it with: make install")
    stamp = folder / "node_modules" / ".installed"
    with (folder / "package-lock.json").open("rb") as lock:
        # Two stacks that start at the same time must not install into the same folder. The second one waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        checksum = hashlib.sha256(lock.read()).hexdigest()
        if stamp.exists() and stamp.read_text() == checksum:
            return False
        _run_npm_ci(node, folder, packages)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(checksum)
    return True


def _run_npm_ci(node: Path, folder: Path, packages: str) -> None:
    print(f"Installing the {packages} (npm) ...", flush=True)
    # npm looks for Node on the PATH.
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(node), str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    finished = subprocess.run(command, cwd=folder, env=environment, check=False)
    if finished.returncode != 0:
        raise StackError(
            f"The npm packages of the {packages} could not be installed. Can this machine reach the npm registry?"
        )


if __name__ == "__main__":
    try:
        install()
    except StackError as error:
        sys.exit(str(error))
