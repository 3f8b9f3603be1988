"""One window of a result's accepted entries is read and stored."""

import asyncio
from contextlib import aclosing

from functions.domain import blob_names, events
from functions.domain.batch import Batch, Progress, Validation
from functions.domain.lines import LineSplitter
from functions.domain.windows import REFUSALS, Refusal, Window
from functions.ports import Services
from functions.steps.advance import advance
from functions.steps.heartbeat import Heartbeat
from functions.telemetry.spans import note, traced


def pinned_validation(batch: Batch) -> Validation:
    """Return the validation that a pinned batch is imported by."""
    if batch.validation is None:
        msg = f"batch {batch.id} is pinned to no validation"
        raise AssertionError(msg)
    return batch.validation


async def next_window(batch: Batch, services: Services) -> Window | None:
    """Read the window that comes after the recorded progress; None after the last."""
    limits = services.limits
    window = Window(batch.id, limits.window_entries, limits.window_bytes, batch.progress.offset)
    splitter = LineSplitter()
    name = blob_names.accepted(batch.id, pinned_validation(batch).attempt)
    async with aclosing(services.files.read(name, batch.progress.offset)) as chunks:
        async for chunk in chunks:
            if await asyncio.to_thread(lambda piece: window.take(splitter.feed(piece)), chunk):
                break
    return window if window.entries else None


@traced("import window")
async def import_window(batch: Batch, window: Window, services: Services) -> Batch:
    """Store the window, keep what the store refused of it, record the progress; return the batch as it then stands."""
    refusals: list[Refusal] = []
    heartbeat = Heartbeat(batch.id, services)
    async for refused in services.references.import_entries(window.entries):
        refusals += refused
        await heartbeat.beat()
    number = batch.progress.windows + 1
    note(window=number, entries=len(window.entries), refused=len(refusals))
    if refusals:
        await _keep_refusals(batch, window.end, refusals, services)
    progress = Progress(
        windows=number,
        offset=window.end,
        added=batch.progress.added + len(window.entries) - len(refusals),
        refused=batch.progress.refused + len(refusals),
        refused_windows=(*batch.progress.refused_windows, *([window.end] if refusals else [])),
    )
    return (await advance(batch.id, events.WindowImported(progress), services)).batch


async def _keep_refusals(batch: Batch, end: int, refusals: list[Refusal], services: Services) -> None:
    """Write them in the order of the entries, so that the same window gives the same bytes each time.

    Named by the window's end: an importer that is set to windows of another size must not write over these.
    """
    name = blob_names.refused(batch.id, pinned_validation(batch).attempt, end)
    async with services.files.create(name) as blob:
        await blob.write(REFUSALS.dump_json(sorted(refusals, key=lambda refusal: refusal.entry)))
