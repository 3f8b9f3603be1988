"""Folders that are filled once, although several test workers may need them at the same time."""

import fcntl
import tempfile
from collections.abc import Callable
from pathlib import Path


def install_once(target: Path, fill: Callable[[Path], None]) -> bool:
    """Fill the folder, unless it exists. Return False if it does. `fill` gets another folder that does not exist yet.

    The target is always complete: it is that folder, moved in one step.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        # A second concurrent worker waits here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.exists():
            return False
        with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
            filled = Path(temporary) / target.name
            fill(filled)
            filled.rename(target)
    return True
