"""A robot's result file is checked, as soon as it is uploaded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from uuid import UUID

from functions.domain import blob_names, events
from functions.domain.batch import Batch, Phase, Upload, Validation
from functions.domain.entries import Checked, EntryChecker
from functions.domain.errors import TooLarge, UploadReplaced
from functions.domain.lines import LineSplitter
from functions.domain.manifest import Manifest
from functions.ports import Services
from functions.steps.advance import advance
from functions.steps.heartbeat import Heartbeat
from functions.steps.manifest_file import read_manifest
from functions.telemetry.spans import handling, note

log = logging.getLogger(__name__)

Slices = Callable[[UUID, Upload, EntryChecker, Services], AsyncIterator[Checked]]


async def validate_upload(batch_id: UUID, services: Services) -> None:
    """Validate the upload that stands, once: another event for the same upload finds it done.

    An upload that is gone, replaced meanwhile, or too late for its batch is no error. Raises NotFound if there is no
    such batch.
    """
    batch = (await services.batches.load(batch_id)).batch
    with handling("validate", batch):
        await _validate(batch, services)


async def _validate(batch: Batch, services: Services) -> None:
    batch_id = batch.id
    upload = await services.results.standing(batch_id)
    if upload is None or batch.validated(upload) or batch.phase in {Phase.PINNED, Phase.ENDED}:
        log.info("batch %s: nothing to validate", batch_id)
        return
    await advance(batch_id, events.Uploaded(upload), services)
    try:
        validation = await _check(batch, upload, services)
    except UploadReplaced:
        log.info("batch %s: the upload was replaced while it was validated", batch_id)
        return
    await _record(batch_id, validation, services)


async def _record(batch_id: UUID, validation: Validation, services: Services) -> None:
    async def observe(_: Batch) -> events.Event:
        return events.Validated(validation, await services.results.standing(batch_id))

    recorded = await advance(batch_id, observe, services)
    note(entries=validation.entries, accepted=validation.accepted, missing=validation.missing)
    log.info(
        "batch %s: %d entries, %d accepted, %d references missing%s",
        batch_id,
        validation.entries,
        validation.accepted,
        validation.missing,
        "" if recorded.moved else "; superseded",
    )


async def _check(batch: Batch, upload: Upload, services: Services) -> Validation:
    """Read the upload once and write what it gives; if it is no result as a whole, say so, and import nothing of it."""
    try:
        _check_size(upload, services.limits.result_bytes)
        return await _write(batch, upload, _slices, services)
    except TooLarge as error:
        nothing = await _write(batch, upload, _no_slices, services)
        return replace(nothing, fault=str(error))


async def _write(batch: Batch, upload: Upload, slices: Slices, services: Services) -> Validation:
    """Write two blobs of this attempt: accepted entries, and the report so far."""
    attempt = services.new_id()
    manifest = await asyncio.to_thread(Manifest, await read_manifest(batch.id, services.files))
    checker = EntryChecker(manifest, services.limits.line_bytes)
    async with (
        services.files.create(blob_names.accepted(batch.id, attempt)) as accepted,
        services.files.create(blob_names.verdicts(batch.id, attempt)) as verdicts,
    ):
        async for checked in slices(batch.id, upload, checker, services):
            await accepted.write(checked.accepted)
            await verdicts.write(checked.verdicts)
        missing, lines = await asyncio.to_thread(checker.missing)
        await verdicts.write(lines)
    return Validation(
        attempt=attempt, etag=upload.etag, entries=checker.entries, accepted=checker.accepted, missing=missing
    )


async def _slices(batch_id: UUID, upload: Upload, checker: EntryChecker, services: Services) -> AsyncIterator[Checked]:
    """Check the upload a chunk at a time, each in a thread: the event loop is every invocation's. Raises TooLarge."""
    splitter = LineSplitter(services.limits.line_bytes)
    heartbeat = Heartbeat(batch_id, services)
    async for chunk in services.results.read(batch_id, upload.etag):
        yield await asyncio.to_thread(lambda piece: checker.check(splitter.feed(piece)), chunk)
        if checker.useless > services.limits.useless_entries:
            raise TooLarge(
                f"More than {services.limits.useless_entries} entries can't be read, are repeated, or name references "
                "that were not asked for: the file is taken for no result, and nothing of it was imported."
            )
        await heartbeat.beat()
    yield checker.check(splitter.end())


def _check_size(upload: Upload, most: int) -> None:
    if upload.size > most:
        raise TooLarge(f"The result file has {upload.size} bytes; at most {most} are taken.")


async def _no_slices(*_: object) -> AsyncIterator[Checked]:
    """Give nothing of an upload that is not read: every reference is missing."""
    return
    yield  # makes it a generator
