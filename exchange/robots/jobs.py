"""The state folder: the jobs that the robot has accepted, and how far each of them is.

Files are readable by the robot's user only, because signed URLs are secrets.
"""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from pydantic import ValidationError

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.storage import Position

log = logging.getLogger("robot")

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700

# The exchange repeats the call for a job for an hour, and an operator may have it repeated later.
REMEMBERED_S = 7 * 86_400.0


class Progress(msgspec.Struct, frozen=True):
    """How far a job is: what has been read of the snapshot, and how much of the result file belongs to it."""

    offset: int = 0
    etag: str | None = None
    result_bytes: int = 0
    references: int = 0
    complete: bool = False

    @property
    def position(self) -> Position:
        """Where to read on."""
        return Position(self.offset, self.etag)


_decode_progress = msgspec.json.Decoder(Progress).decode


class JobStore:
    """The jobs in the state folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(_PRIVATE_FOLDER, parents=True, exist_ok=True)
        folder.chmod(_PRIVATE_FOLDER)
        self._folder = folder
        # An empty file for each finished job.
        self._finished_folder = folder / "finished"
        self._finished_folder.mkdir(_PRIVATE_FOLDER, exist_ok=True)

    def save(self, job: BatchRobotRequest) -> None:
        """Save an accepted job. It survives a crash of the machine."""
        self._write(self._job_file(str(job.id)), job.model_dump_json().encode())

    def load_all(self) -> Iterator[BatchRobotRequest]:
        """Yield the jobs that are not finished. Delete the files of those that are."""
        for file in sorted(self._folder.glob("*.job.json")):
            try:
                job = BatchRobotRequest.model_validate_json(file.read_bytes())
            except (ValidationError, OSError):
                log.error("%s is damaged and is ignored", file)  # noqa: TRY400 - the traceback could have the URLs
                continue
            if self.is_finished(str(job.id)):
                self.discard(str(job.id))
            else:
                yield job

    def save_progress(self, batch_id: str, progress: Progress) -> None:
        """Save how far a job is."""
        self._write(self._progress_file(batch_id), msgspec.json.encode(progress))

    def load_progress(self, batch_id: str) -> Progress:
        """Load how far a job is. Nothing is done yet if its files are missing or do not fit together."""
        try:
            progress = _decode_progress(self._progress_file(batch_id).read_bytes())
            size = self.result_file(batch_id).stat().st_size
        except (OSError, msgspec.MsgspecError):
            return Progress()
        return progress if progress.result_bytes <= size else Progress()

    def open_result(self, batch_id: str, size: int) -> BinaryIO:
        """Open the result file to write on after its first `size` bytes. What comes after them is cut off."""
        file = self.result_file(batch_id)
        file.touch(_PRIVATE_FILE)
        os.truncate(file, size)
        return file.open("ab")

    def is_finished(self, batch_id: str) -> bool:
        """Return whether a job was finished in the last `REMEMBERED_S`."""
        return (self._finished_folder / batch_id).exists()

    def finish(self, batch_id: str) -> None:
        """Remember that a job is finished, delete its files, and forget the jobs that were finished long ago."""
        (self._finished_folder / batch_id).touch(_PRIVATE_FILE)
        _sync_folder(self._finished_folder)
        self.discard(batch_id)
        forgotten = time.time() - REMEMBERED_S
        for file in self._finished_folder.iterdir():
            if file.stat().st_mtime < forgotten:
                file.unlink()

    def discard(self, batch_id: str) -> None:
        """Delete the files of a job without remembering it.

        The job itself is last, so that a crash in between leaves no file behind.
        """
        for file in (self._progress_file(batch_id), self.result_file(batch_id), self._job_file(batch_id)):
            file.unlink(missing_ok=True)

    def result_file(self, batch_id: str) -> Path:
        """Return the path of the result file."""
        return self._folder / f"{batch_id}.result.jsonl"

    def _job_file(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.job.json"

    def _progress_file(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.progress.json"

    def _write(self, file: Path, content: bytes) -> None:
        """Replace a file atomically."""
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
        _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    """Have the names of the files in a folder survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
