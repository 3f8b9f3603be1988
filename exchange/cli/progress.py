"""The progress of batch requests while they run."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar
from uuid import UUID

from exchange.cli.terminal import Terminal, clean
from exchange.client import Client
from exchange.contract.batches import BatchEnhancementRequestRead

Item = TypeVar("Item")


def follow(client: Client, batch_ids: Iterable[UUID], terminal: Terminal) -> list[BatchEnhancementRequestRead]:
    """Show the progress until all batch requests have ended, also across lost connections. Return them."""
    ids = list(dict.fromkeys(batch_ids))
    found: dict[UUID, BatchEnhancementRequestRead] = {}
    show = _Bars() if sys.stderr.isatty() and not terminal.as_json else _Lines(terminal)
    try:
        with show:
            for batch in client.watch_batches(ids, on_trouble=lambda error: show.say(f"{error} Trying again.")):
                found[batch.id] = batch
                show.update(batch)
    except KeyboardInterrupt:
        terminal.say(f"Still running. Follow it: exchange batches watch {' '.join(map(str, ids))}")
        raise
    return [found[batch_id] for batch_id in ids]


def show_progress(items: Iterable[Item], name: str) -> Iterator[Item]:
    """Yield the items, and show their number on a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,} " + name), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(name, total=None)
        for item in items:
            yield item
            progress.advance(task)


class _Lines:
    """A line on standard error for each change, for logs."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, batch: BatchEnhancementRequestRead) -> None:
        done, requested = _count(batch)
        self._terminal.say(f"{batch.id} {batch.request_status} {done} of {requested}{_parts(batch)}{_waiting(batch)}")

    def say(self, text: str) -> None:
        self._terminal.say(text)


class _Bars:
    """A bar for each batch request."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[status]}", markup=False),
            console=Console(stderr=True),
        )
        self._tasks: dict[UUID, int] = {}

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, batch: BatchEnhancementRequestRead) -> None:
        done, requested = _count(batch)
        if batch.id not in self._tasks:
            self._tasks[batch.id] = self._progress.add_task(str(batch.id)[:8], total=requested, status="")
        status = clean(f"{batch.request_status}{_parts(batch)}{_waiting(batch)}")
        self._progress.update(self._tasks[batch.id], completed=done, total=requested, status=status)  # type: ignore[arg-type] # a task id is an int

    def say(self, text: str) -> None:
        self._progress.console.print(clean(text), markup=False)


def _count(batch: BatchEnhancementRequestRead) -> tuple[int, int]:
    """Return how many references are decided, and how many there are."""
    if batch.counts is None:
        return 0, 0
    return batch.counts.requested - batch.counts.pending, batch.counts.requested


def _waiting(batch: BatchEnhancementRequestRead) -> str:
    return f": {batch.waiting_for}" if batch.waiting_for else ""


def _parts(batch: BatchEnhancementRequestRead) -> str:
    """Return how far a batch request in parts is."""
    if batch.parts is None or batch.ended_at is not None:
        return ""
    left = f", {batch.parts.left} references left" if batch.parts.left else ""
    return f", {batch.parts.made} parts, {batch.parts.open} open{left}"
