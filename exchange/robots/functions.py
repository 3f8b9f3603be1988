"""Calls an author's function, in threads or on the event loop, for one reference or for several at once."""

import asyncio
import contextvars
import inspect
import logging
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from exchange.robots.contents import Addition, Result
from exchange.robots.entries import EntryWriter, write_error
from exchange.robots.errors import CannotJudge, InvalidResultError, SystematicFailure
from exchange.robots.reference import Reference

log = logging.getLogger("robot")

OneFunction: TypeAlias = Callable[[Reference], Result | Awaitable[Result] | AsyncIterator[Addition]]
ManyFunction: TypeAlias = Callable[
    [list[Reference]], Iterable[Result] | Awaitable[Iterable[Result]] | AsyncIterator[Result]
]

# A function that always fails would otherwise fill the log.
MAX_TRACEBACKS = 20


@dataclass(frozen=True, slots=True)
class AuthorFunction:
    """The author's function. `size` is the number of references that one call takes."""

    call: Callable[[list[Reference]], Any]
    size: int
    is_async: bool

    @classmethod
    def of_one(cls, function: OneFunction) -> "AuthorFunction":
        """Return a function that takes one reference."""

        def call(references: list[Reference]) -> list[Any]:
            (reference,) = references
            return [_exhaust(function(reference))]

        async def call_async(references: list[Reference]) -> list[Any]:
            (reference,) = references
            return [await _exhaust_async(function(reference))]

        is_async = _is_async(function)
        return cls(call_async if is_async else call, 1, is_async)

    @classmethod
    def of_many(cls, function: ManyFunction, size: int) -> "AuthorFunction":
        """Return a function that takes a list of at most `size` references."""

        def call(references: list[Reference]) -> list[Any]:
            return _check_length(_exhaust(function(references)), references)

        async def call_async(references: list[Reference]) -> list[Any]:
            return _check_length(await _exhaust_async(function(references)), references)

        is_async = _is_async(function)
        return cls(call_async if is_async else call, size, is_async)


class Failures:
    """Counts and logs the exceptions of the function during one job."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, reference: Reference, error: BaseException) -> bytes:
        """Return the error entry. Log what the author did not intend, at first with the traceback."""
        if not isinstance(error, CannotJudge):
            self.count += 1
            if self.count <= MAX_TRACEBACKS:
                log.error("reference %s failed", reference.id, exc_info=error)
        return write_error(reference, error)


class _Window:
    """Some references that are worked on together, in groups of one call, and their lines. Threads share it."""

    def __init__(self, references: Sequence[Reference], size: int, writer: EntryWriter, failures: Failures) -> None:
        starts = range(0, len(references), size)
        self._groups = deque((start, list(references[start : start + size])) for start in starts)
        self._lines = [b""] * len(references)
        self._writer = writer
        self._failures = failures

    @property
    def result(self) -> bytes:
        return b"".join(self._lines)

    def take(self) -> Iterator[tuple[int, list[Reference]]]:
        """Yield groups, with the number of their first reference, until none is left."""
        while True:
            try:
                group = self._groups.popleft()
            except IndexError:
                return
            yield group

    def write(self, start: int, references: list[Reference], results: list[Any]) -> None:
        """Write the lines of a group."""
        for number, (reference, result) in enumerate(zip(references, results, strict=True), start):
            try:
                self._lines[number] = self._writer.write(reference, result)
            except Exception as error:  # noqa: BLE001 - also of a reference that has an unexpected form
                self._lines[number] = self._failures.write(reference, error)

    def fail(self, start: int, references: list[Reference], error: BaseException) -> None:
        """Write the error of one reference. Of several, each is tried alone, so that one does not fail the others."""
        if isinstance(error, SystematicFailure):
            self._groups.clear()
            raise error
        if len(references) == 1:
            self._lines[start] = self._failures.write(references[0], error)
            return
        log.warning("a call for %d references failed with %s: trying each alone", len(references), type(error).__name__)
        self._groups.extendleft((start + number, [reference]) for number, reference in enumerate(references))


class Judge:
    """Turns references into lines of a result file. Makes at most `workers` calls at the same time."""

    def __init__(self, function: AuthorFunction, writer: EntryWriter, workers: int) -> None:
        self.size = function.size
        self.workers = workers
        self._function = function
        self._writer = writer
        self._free_workers = asyncio.Semaphore(workers)
        self._threads = ThreadPoolExecutor(workers, "robot")

    async def judge(self, references: Sequence[Reference], failures: Failures) -> bytes:
        """Return the lines in the order of the references. Raises SystematicFailure if the function does."""
        window = _Window(references, self.size, self._writer, failures)
        work = self._work_async if self._function.is_async else self._work_in_thread
        workers = min(self.workers, -(-len(references) // self.size))
        # If the function fails systematically in one worker, the others finish their calls.
        ended = await asyncio.gather(*(work(window) for _ in range(workers)), return_exceptions=True)
        for error in ended:
            if error is not None:
                raise error
        return window.result

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work_in_thread(self, window: _Window) -> None:
        async with self._free_workers:
            # Records that the function logs have the batch id, too.
            run = contextvars.copy_context().run
            await asyncio.get_running_loop().run_in_executor(self._threads, run, self._work, window)

    def _work(self, window: _Window) -> None:
        for start, references in window.take():
            try:
                results = self._function.call(references)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - whatever the author's function raises, `sys.exit()` included
                window.fail(start, references, error)
            else:
                window.write(start, references, results)

    async def _work_async(self, window: _Window) -> None:
        async with self._free_workers:
            for start, references in window.take():
                try:
                    results = await self._function.call(references)
                except (KeyboardInterrupt, GeneratorExit):
                    raise
                except BaseException as error:
                    if _is_cancelled():
                        raise
                    window.fail(start, references, error)
                else:
                    window.write(start, references, results)


def _is_cancelled() -> bool:
    """Return whether the robot cancels this task. Otherwise a CancelledError is the function's own."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _exhaust(result: Any) -> Any:
    return list(result) if isinstance(result, Iterator) else result


async def _exhaust_async(result: Any) -> Any:
    if isinstance(result, AsyncIterable):
        return [each async for each in result]
    return await result


def _check_length(results: Iterable[Result], references: list[Reference]) -> list[Result]:
    listed = list(results)
    if len(listed) != len(references):
        raise InvalidResultError(f"The function returned {len(listed)} results for {len(references)} references.")
    return listed
