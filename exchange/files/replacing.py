"""Files that appear or change only when they are whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4


@contextmanager
def replacing(target: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target. It replaces the target at the end, and is deleted after an error.

    `mode` has the permissions of a new file, from which the process's umask is taken. A file that exists keeps its own.
    A link stays a link, and what is not a file, such as a device, is written directly.
    """
    target = Path(os.path.realpath(target))
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    temporary = target.with_name(f".{uuid4().hex}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if target.exists():
                shutil.copymode(target, temporary)
            yield file
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
