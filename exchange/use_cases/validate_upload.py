"""The validation of a robot's result file, as soon as it is uploaded."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.domain import blob_names, events
from exchange.domain.batch import Batch, Upload, Validation
from exchange.domain.entries import EntryValidator, ValidatedLines
from exchange.domain.errors import ExchangeError, TooLarge, UploadReplaced
from exchange.domain.lines import LineSplitter
from exchange.domain.manifest import Manifest
from exchange.domain.result_format import START_BYTES, find_format_fault
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, batch_operation, operation
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.heartbeat import Heartbeat
from exchange.use_cases.manifest_file import read_manifest

log = logging.getLogger(__name__)


@batch_operation("validate")
async def validate_upload(stored: StoredBatch, services: Services) -> None:
    """Validate the current upload. Idempotent: an upload that is validated, or being validated, is left alone.

    An upload that is deleted, replaced, or too late for its batch is not an error.
    """
    await _validate_current(stored, services, starts_import=False)


@operation("validate")
async def validate_for_import(stored: StoredBatch, services: Services) -> StoredBatch:
    """Validate like `validate_upload`, and start the import in the same write. Return the batch after that."""
    return await _validate_current(stored, services, starts_import=True)


async def _validate_current(stored: StoredBatch, services: Services, *, starts_import: bool) -> StoredBatch:
    batch_id, holder = stored.batch.id, services.new_id()

    async def observe(_: Batch) -> events.Event:
        return events.ValidationStarted(holder, await services.results.find_upload(batch_id))

    try:
        started = await observe_and_advance(stored, observe, services)
        claim = started.batch.validation_claim
        if claim is None or claim.holder != holder:
            log.info("batch %s: nothing to validate", batch_id)
            return started.stored
        validation = await _validate(started.batch, claim.upload, services)
        return await _record(started.stored, validation, services, starts_import=starts_import)
    except UploadReplaced:
        log.info("batch %s: the upload was replaced during its validation", batch_id)
        return stored
    except Exception:
        await _release_claim(batch_id, holder, services)
        raise


async def _release_claim(batch_id: UUID, holder: UUID, services: Services) -> None:
    """Release the claim after an error, so that the redelivery does not find it."""
    try:
        await advance(await services.batches.load(batch_id), events.ValidationAborted(holder), services)
    except ExchangeError as error:
        log.warning("batch %s: the claim on the validation could not be released: %s", batch_id, error)


async def _record(
    started: StoredBatch, validation: Validation, services: Services, *, starts_import: bool
) -> StoredBatch:
    batch_id = started.batch.id

    async def observe(_: Batch) -> events.Event:
        return events.ValidationFinished(validation, await services.results.find_upload(batch_id), starts_import)

    recorded = await observe_and_advance(started, observe, services)
    add_span_attributes(entries=validation.entries, accepted=validation.accepted, missing=validation.missing)
    log.info(
        "batch %s: validated entries=%d accepted=%d missing=%d superseded=%s",
        batch_id,
        validation.entries,
        validation.accepted,
        validation.missing,
        not recorded.changed,
    )
    return recorded.stored


async def _validate(batch: Batch, upload: Upload, services: Services) -> Validation:
    """Validate the upload. If it exceeds a limit, refuse it as a whole and report every reference as missing."""
    try:
        _check_size(upload, services.limits.result_file_limit_bytes)
        return await _write(batch, upload, services.results.read(batch.id, upload.etag), services)
    except TooLarge as error:
        nothing = await _write(batch, upload, _read_nothing(), services)
        return replace(nothing, fault=str(error))


async def _write(batch: Batch, upload: Upload, pieces: AsyncIterator[bytes], services: Services) -> Validation:
    """Write the two blobs of this attempt: the accepted entries and the draft report. Raises TooLarge."""
    attempt = services.new_id()
    manifest = await asyncio.to_thread(Manifest, await read_manifest(batch.id, services.files))
    limits = services.limits
    validator = EntryValidator(manifest, limits.result_line_limit_bytes, limits.result_room)
    heartbeat = Heartbeat(batch.id, services)
    start, pieces = await _read_start(pieces)
    async with (
        services.files.create(blob_names.accepted(batch.id, attempt)) as accepted,
        services.files.create(blob_names.draft_report(batch.id, attempt)) as draft_report,
    ):
        async for lines in _validate_pieces(pieces, validator, heartbeat, services):
            await accepted.write(lines.accepted)
            await draft_report.write(lines.draft_report)
            _check_rejected(validator, start, services.limits.result_rejected_entries_limit)
        missing, missing_lines = await asyncio.to_thread(validator.list_missing)
        await draft_report.write(missing_lines)
    return Validation(
        attempt=attempt,
        etag=upload.etag,
        entries=validator.entries,
        accepted=validator.accepted,
        missing=missing,
        fault=_find_fault(validator, start),
    )


async def _validate_pieces(
    pieces: AsyncIterator[bytes], validator: EntryValidator, heartbeat: Heartbeat, services: Services
) -> AsyncIterator[ValidatedLines]:
    """Validate the upload piece by piece, each in a thread, to keep the event loop free."""
    splitter = LineSplitter(services.limits.result_line_limit_bytes)
    async for data in pieces:
        yield await asyncio.to_thread(lambda piece: validator.validate(splitter.feed(piece)), data)
        await heartbeat.beat()
    yield validator.validate(splitter.end())


def _check_size(upload: Upload, limit: int) -> None:
    if upload.size > limit:
        raise TooLarge(f"The result file has {upload.size} bytes. At most {limit} are accepted.")


def _find_fault(validator: EntryValidator, start: bytes) -> str | None:
    """Return the fault of the format. A file with a usable entry has the right format, whatever its first line is."""
    return find_format_fault(start) if validator.rejected == validator.entries else None


def _check_rejected(validator: EntryValidator, start: bytes, limit: int) -> None:
    if validator.rejected > limit:
        raise TooLarge(
            _find_fault(validator, start)
            or f"More than {limit} entries are unreadable, repeated, or of references that were not requested. The "
            "whole result was refused, and nothing was imported."
        )


async def _read_start(pieces: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Read until the start of the file is known. Return the start, and all pieces without a byte order mark."""
    start = b""
    async for data in pieces:
        start += data
        if len(start) >= START_BYTES:
            break

    async def read_all() -> AsyncIterator[bytes]:
        yield start.removeprefix(BYTE_ORDER_MARK)
        async for data in pieces:
            yield data

    return start[:START_BYTES], read_all()


async def _read_nothing() -> AsyncIterator[bytes]:
    """Yield nothing: it stands for a refused file, whose references are all missing."""
    return
    yield  # makes it a generator
