"""What a stack keeps on disk, in the subfolder `data` of its folder."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from local.errors import StackError


def data_folder(folder: Path) -> Path:
    """Return where the stack of this folder keeps its data."""
    return folder / "data"


def delete_data(folder: Path) -> None:
    """Delete the data. The caller holds the lock of the folder."""
    data = data_folder(folder)
    # A deletion that is interrupted must not leave a part of the data, which the next start would read.
    doomed = data.with_suffix(".deleted")
    shutil.rmtree(doomed, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        data.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Lock the folder against a second stack. Yields the locked file. Raises StackError.

    The lock ends with the last process that has the file open.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"A stack is already running in {folder}. Use it, or stop it first.") from None
        yield lock.fileno()
