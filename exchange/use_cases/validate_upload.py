"""The validation of a robot's result file, as soon as it is uploaded."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from uuid import UUID

from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.domain import blob_names, events
from exchange.domain.batch import Batch, Upload, Validation
from exchange.domain.entries import EntryValidator, ValidatedLines
from exchange.domain.errors import ExchangeError, InputRejected, TooLarge, UploadReplaced
from exchange.domain.lines import LineSplitter
from exchange.domain.manifest import Manifest
from exchange.domain.origin import make_origin
from exchange.domain.result_format import START_BYTES, find_format_fault
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, batch_operation, operation
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.attempt_files import delete_attempt, delete_superseded
from exchange.use_cases.cpu_budget import CpuBudget
from exchange.use_cases.heartbeat import Heartbeat
from exchange.use_cases.manifest_file import read_selected

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
        return events.ValidationStarted(holder, await services.results.find_upload(batch_id), starts_import)

    validation: Validation | None = None
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
        await _release_claim(batch_id, holder, validation, services)
        raise


async def _release_claim(batch_id: UUID, holder: UUID, validation: Validation | None, services: Services) -> None:
    """Release the claim after an error, so that the redelivery does not find it.

    Only this write proves that the validation is not recorded and never will be. Then its blobs are deleted.
    """
    try:
        stored = await services.batches.load(batch_id)
        released = await advance(stored, events.ValidationAborted(holder), services)
    except ExchangeError as error:
        log.warning("batch %s: the claim on the validation could not be released: %s", batch_id, error)
        return
    if validation is not None and released.changed:
        await delete_superseded(released.batch, [validation.attempt], services)


async def _record(
    started: StoredBatch, validation: Validation, services: Services, *, starts_import: bool
) -> StoredBatch:
    batch_id = started.batch.id
    attempts = {validation.attempt}

    async def observe(batch: Batch) -> events.Event:
        if batch.validation is not None:
            attempts.add(batch.validation.attempt)
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
    await delete_superseded(recorded.batch, attempts, services)
    return recorded.stored


async def _validate(batch: Batch, upload: Upload, services: Services) -> Validation:
    """Validate the upload. If it cannot be used, refuse it as a whole and report every reference as missing."""
    try:
        _check_upload(upload, services.limits.result_file_limit_bytes)
        return await _write(batch, upload, services.results.read(batch.id, upload.etag), services)
    except InputRejected as error:
        nothing = await _write(batch, upload, _read_nothing(), services)
        return replace(nothing, fault=str(error))


async def _write(batch: Batch, upload: Upload, pieces: AsyncIterator[bytes], services: Services) -> Validation:
    """Write the two blobs of a new attempt: the accepted entries and the draft report. Raises TooLarge."""
    attempt = services.new_id()
    try:
        return await _write_attempt(attempt, batch, upload, pieces, services)
    except Exception:
        await delete_attempt(batch.id, attempt, services)
        raise


async def _write_attempt(
    attempt: UUID, batch: Batch, upload: Upload, pieces: AsyncIterator[bytes], services: Services
) -> Validation:
    manifest = await asyncio.to_thread(Manifest, await read_selected(batch, services.files))
    limits = services.limits
    validator = EntryValidator(
        manifest,
        make_origin(batch, services.clock()),
        limits.result_line_limit_bytes,
        limits.result_room,
        limits.result_rejected_entries_limit,
    )
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
        failed=manifest.count_failed(),
        kinds=dict(validator.kinds),
        hidden=validator.hidden,
        fault=find_format_fault(start, entries=validator.entries, rejected=validator.rejected),
    )


async def _validate_pieces(
    pieces: AsyncIterator[bytes], validator: EntryValidator, heartbeat: Heartbeat, services: Services
) -> AsyncIterator[ValidatedLines]:
    """Validate the upload piece by piece. Raises TooLarge if that takes too much CPU time."""
    splitter = LineSplitter(services.limits.result_line_limit_bytes)
    budget = CpuBudget(services.limits.validation_cpu_limit_s)

    def validate(data: bytes) -> ValidatedLines:
        return validator.validate(splitter.feed(data))

    async for data in pieces:
        yield await budget.run_in_thread(partial(validate, data))
        await heartbeat.beat()
    yield await budget.run_in_thread(lambda: validator.validate(splitter.end()))


def _check_upload(upload: Upload, limit: int) -> None:
    if upload.fault is not None:
        raise InputRejected(upload.fault)
    if upload.size > limit:
        raise TooLarge(f"The result file has {upload.size} bytes. At most {limit} are accepted.")


def _check_rejected(validator: EntryValidator, start: bytes, limit: int) -> None:
    if validator.rejected > limit:
        raise TooLarge(
            find_format_fault(start, entries=validator.entries, rejected=validator.rejected)
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
