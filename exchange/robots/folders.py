"""The folders of a robot: the state folder, which one process uses at a time, and folders for unfinished results."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from exchange.robots.errors import ServeError

_PREFIX = "exchange-robot-"
_LOCK = "lock"
# A younger folder may be one that its process is about to lock.
_YOUNG_S = 60.0


def explain_folder(folder: Path, error: OSError) -> ServeError:
    """Return the error about a state folder that cannot be used."""
    return ServeError(f"The state folder {folder} cannot be used: {error.strerror}. Choose another with --state.")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder. The system releases it when the process ends in any way. Raises ServeError."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise explain_folder(folder, error) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServeError(
                f"Another process of this robot uses the folder {folder}. Stop it, or choose another with --state."
            ) from None
        except OSError as error:
            raise explain_folder(folder, error) from None
        yield
    finally:
        os.close(lock)


@contextmanager
def temporary_folder(parent: Path | None) -> Iterator[Path]:
    """Make a folder that is deleted at the end. Without `parent` it is where the system has temporary files.

    The folders of processes that were killed are deleted, too. Raises ServeError.
    """
    where = parent or Path(tempfile.gettempdir())
    try:
        where.mkdir(parents=True, exist_ok=True)
        _delete_abandoned(where)
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=where)
    except OSError as error:
        raise explain_folder(where, error) from None
    with made as name, locked(Path(name)):
        yield Path(name)


def _delete_abandoned(where: Path) -> None:
    for folder in where.glob(f"{_PREFIX}*"):
        # Those of other users cannot be locked, and those of running processes are.
        with suppress(OSError, ServeError):
            if time.time() - folder.stat().st_mtime > _YOUNG_S:
                with locked(folder):
                    shutil.rmtree(folder)
