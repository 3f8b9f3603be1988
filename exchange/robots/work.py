"""The work on one job: download, judge, write the result file, upload it, and call back."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import BinaryIO

from exchange.contract.robots import BatchRobotRequest
from exchange.robots.errors import BatchEndedError, RefusedError, SnapshotChangedError, SystematicFailure, read_message
from exchange.robots.exchange import Exchange, SignedUrls
from exchange.robots.functions import Failures, Judge
from exchange.robots.jobs import JobStore, Progress
from exchange.robots.reference import Reference, parse_reference
from exchange.robots.retries import Http, Retries
from exchange.robots.storage import Position, Storage

log = logging.getLogger("robot")

MAX_WINDOW_BYTES = 4 << 20
MAX_WINDOW_CALLS = 512
# A robot that stops finishes its present window, so a window should not take longer.
_WINDOW_S = 1.0
# Saving more often would cost more than the work that a crash repeats.
_SAVE_INTERVAL_S = 1.0


class WindowSize:
    """The number of references in a window: as many as the function judges in about a second."""

    def __init__(self, smallest: int) -> None:
        self._smallest = smallest
        self._largest = smallest * MAX_WINDOW_CALLS
        self.references = smallest

    def adjust(self, seconds: float) -> None:
        """Grow after a fast window, and shrink after a slow one."""
        if seconds < _WINDOW_S / 2:
            self.references = min(self._largest, self.references * 2)
        elif seconds > _WINDOW_S:
            self.references = max(self._smallest, self.references // 2)


@dataclass(frozen=True, slots=True)
class Window:
    """Some lines of the snapshot, and the position after them."""

    lines: list[bytes]
    end: Position


class JobRunner:
    """Works on jobs. A cancelled run keeps what it has done, and the next run goes on from there."""

    def __init__(self, judge: Judge, exchange: Exchange, http: Http, store: JobStore) -> None:
        self._judge = judge
        self._exchange = exchange
        self._http = http
        self._store = store

    async def run(self, job: BatchRobotRequest) -> None:
        """Work on a job until its callback is sent. Then its files are deleted, and its id is kept."""
        batch_id = str(job.id)
        try:
            error = await self._deliver(job)
            await self._exchange.call_back(batch_id, error)
        except BatchEndedError:
            log.warning("the batch has ended already")
        except RefusedError as refused:
            log.error("the callback failed: %s", refused)  # noqa: TRY400 - the message says all
        else:
            log.info("called back: %s", "the whole batch failed" if error else "the result is ready")
        self._store.finish(batch_id)

    async def _deliver(self, job: BatchRobotRequest) -> str | None:
        """Upload the result. Return the reason if the whole batch fails."""
        batch_id = str(job.id)
        urls = SignedUrls(job.reference_storage_url, job.result_storage_url)
        storage = Storage(batch_id, urls, self._exchange, self._http)
        try:
            await self._write_and_upload(batch_id, storage)
        except BatchEndedError:
            raise
        except SystematicFailure as failure:
            log.exception("the function failed systematically")
            return read_message(failure) or "The robot failed."
        except RefusedError as refused:
            log.error("the batch failed: %s", refused)  # noqa: TRY400 - the message says all
            return f"The robot failed: {refused}."
        except Exception as error:
            log.exception("the batch failed")
            return f"The robot failed: {type(error).__name__}."
        return None

    async def _write_and_upload(self, batch_id: str, storage: Storage) -> None:
        """Write the result file and upload it. Trouble with the disk, for example a full one, may pass."""
        retries = Retries(self._http.backoff)
        while True:
            try:
                await self._write_result(batch_id, storage)
                with self._store.result_file(batch_id).open("rb") as result:
                    await storage.upload(result)
            except OSError as error:
                await retries.wait(f"the state folder failed with {error.strerror or type(error).__name__}")
            else:
                return

    async def _write_result(self, batch_id: str, storage: Storage) -> None:
        try:
            await self._continue_result(batch_id, storage, self._store.load_progress(batch_id))
        except SnapshotChangedError:
            log.warning("the references have changed, starting again")
            await self._continue_result(batch_id, storage, Progress())

    async def _continue_result(self, batch_id: str, storage: Storage, progress: Progress) -> None:
        """Write the rest of the result file."""
        if progress.complete:
            return
        if progress.references:
            log.info("resumed after %d references", progress.references)
        else:
            log.info("started")
        with self._store.open_result(batch_id, progress.result_bytes) as result:
            writing = _ResultWriter(batch_id, self._store, result, progress)
            failures = Failures()
            size = WindowSize(self._judge.size * self._judge.workers)
            try:
                async with aclosing(_read_windows(storage, progress.position, size)) as windows:
                    async for window in windows:
                        references = _parse_references(window)
                        await self._judge_window(references, window.end, writing, failures, size)
                writing.complete()
            finally:
                writing.save()
                if failures.count:
                    log.warning("%d references failed", failures.count)
        log.info("wrote %d bytes for %d references", writing.progress.result_bytes, writing.progress.references)

    async def _judge_window(
        self, references: list[Reference], end: Position, writing: "_ResultWriter", failures: Failures, size: WindowSize
    ) -> None:
        """Judge a window and write its lines. A run that is cancelled meanwhile finishes the window first."""
        started = time.monotonic()
        judging = asyncio.ensure_future(self._judge.judge(references, failures))
        try:
            lines = await asyncio.shield(judging)
        except asyncio.CancelledError:
            # A failure occurs again when the job is resumed.
            with suppress(Exception):
                writing.write(await judging, len(references), end)
            raise
        writing.write(lines, len(references), end)
        size.adjust(time.monotonic() - started)


class _ResultWriter:
    """Writes the lines of windows, and keeps the progress."""

    def __init__(self, batch_id: str, store: JobStore, result: BinaryIO, progress: Progress) -> None:
        self.progress = progress
        self._batch_id = batch_id
        self._store = store
        self._result = result
        self._saved = time.monotonic()

    def write(self, lines: bytes, references: int, end: Position) -> None:
        """Write the lines of a window that ends at this position of the snapshot."""
        self._result.write(lines)
        total, size = self.progress.references + references, self.progress.result_bytes + len(lines)
        self.progress = Progress(end.offset, end.etag, size, total)
        if time.monotonic() - self._saved > _SAVE_INTERVAL_S:
            self.save()

    def complete(self) -> None:
        """Note that every reference has its lines."""
        done = self.progress
        self.progress = Progress(done.offset, done.etag, done.result_bytes, done.references, complete=True)

    def save(self) -> None:
        """Save the lines, and then the progress, which must not be ahead of them."""
        self._result.flush()
        os.fsync(self._result.fileno())
        self._store.save_progress(self._batch_id, self.progress)
        self._saved = time.monotonic()


async def _read_windows(storage: Storage, start: Position, size: WindowSize) -> AsyncGenerator[Window, None]:
    """Yield the lines in windows that are bounded in number and in bytes. Blank lines are left out."""
    lines: list[bytes] = []
    length = 0
    position = start
    async with aclosing(storage.read_lines(start)) as numbered:
        async for line, position in numbered:
            if not line.strip():
                continue
            lines.append(line)
            length += len(line)
            if len(lines) >= size.references or length >= MAX_WINDOW_BYTES:
                yield Window(lines, position)
                lines, length = [], 0
    if lines:
        yield Window(lines, position)


def _parse_references(window: Window) -> list[Reference]:
    """Return the references of a window. A line without an id cannot have an entry, so it is left out and logged."""
    references = []
    for line in window.lines:
        with suppress(ValueError, RecursionError):
            reference = parse_reference(line)
            if isinstance(reference.raw.get("id"), str):
                references.append(reference)
    if unreadable := len(window.lines) - len(references):
        log.error("%d lines before byte %d are not references with an id, left out", unreadable, window.end.offset)
    return references
