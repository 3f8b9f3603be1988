"""Reading the list of references that a batch request names, before its robot is called."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from uuid import UUID

from exchange.domain import blob_names, events
from exchange.domain.batch import Batch
from exchange.domain.division import choose_division
from exchange.domain.errors import InputRejected, UploadReplaced
from exchange.domain.id_lines import IdLines, ListedId
from exchange.domain.id_list import IdList, derive_list_id
from exchange.domain.transitions.reading import get_id_list
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import add_span_attributes, operation
from exchange.use_cases.advance import advance
from exchange.use_cases.attempt_files import delete_blobs
from exchange.use_cases.heartbeat import Heartbeat
from exchange.use_cases.manifest_file import create_list

log = logging.getLogger(__name__)

# Ids that are looked up at once.
_SLICE = 10_000

_REPLACED = (
    "The uploaded list of references was replaced or deleted before it was read. Upload it again, and repeat the "
    "request."
)
_EMPTY = "The list of references has no ids."
_ALL_DELETED = "None of the references exists any more."


@operation("read ids")
async def read_ids(stored: StoredBatch, services: Services) -> None:
    """Read the list, write the manifest, and go on with the batch request. End it if the list cannot be used.

    Idempotent: another attempt writes other blobs, and the first one that is recorded counts.
    """
    batch = stored.batch
    attempt = services.new_id()
    event: events.IdsRead | events.IdsRefused
    try:
        event = await _read(batch, get_id_list(batch), attempt, services)
    except UploadReplaced:
        event = events.IdsRefused(_REPLACED)
    except InputRejected as error:
        event = events.IdsRefused(str(error))
    recorded = await advance(stored, event, services)
    log.info("batch %s: its list is read references=%d", batch.id, recorded.batch.reference_count)
    if isinstance(event, events.IdsRead) and recorded.batch.manifest != attempt:
        names = (blob_names.manifest(batch.id, attempt), blob_names.selected(batch.id, attempt))
        await delete_blobs(batch.id, names, services)


async def _read(batch: Batch, id_list: IdList, attempt: UUID, services: Services) -> events.IdsRead:
    """Write the blobs of this attempt. Raises InputRejected, UploadReplaced."""
    lines = IdLines(services.limits.references_per_upload_limit)
    heartbeat = Heartbeat(batch.id, services)
    count = selected_count = 0
    async with AsyncExitStack() as stack:
        manifest = await stack.enter_async_context(create_list(blob_names.manifest(batch.id, attempt), services.files))
        selected = None
        if id_list.skip_enhanced:
            name = blob_names.selected(batch.id, attempt)
            selected = await stack.enter_async_context(create_list(name, services.files))
        async for listed in _read_slices(batch, id_list, lines, services):
            known = await _check_known(listed, id_list, lines, services)
            await manifest.write(known)
            count += len(known)
            selected_count += len(known)
            if selected is not None and known:
                enhanced = await services.references.find_enhanced(known, batch.robot_id, batch.robot_version)
                selected_count -= len(enhanced)
                await selected.write([item for item in known if item not in enhanced])
            await heartbeat.beat()
        await asyncio.to_thread(lines.find_repeated)
        lines.faults.check()
        if not count:
            raise InputRejected(_ALL_DELETED if lines.count else _EMPTY)
        robot = (await services.robots.load(batch.robot_id)).robot
        division = choose_division(robot, selected_count, services.limits)
    add_span_attributes(reference_count=count, skipped_count=count - selected_count)
    return events.IdsRead(
        attempt=attempt,
        count=count,
        skipped=count - selected_count,
        selected=None if selected is None else attempt,
        division=division,
    )


async def _read_slices(
    batch: Batch, id_list: IdList, lines: IdLines, services: Services
) -> AsyncIterator[Sequence[ListedId]]:
    list_id = derive_list_id(batch.requestor, id_list.upload)
    async with aclosing(services.id_lists.read(list_id, id_list.etag)) as pieces:
        async for data in pieces:
            # In a thread, because the event loop is shared by all invocations.
            listed = await asyncio.to_thread(lines.read, data)
            # A piece without ids is a sign of work, too.
            for start in range(0, max(len(listed), 1), _SLICE):
                yield listed[start : start + _SLICE]
    yield lines.end()


async def _check_known(
    listed: Sequence[ListedId], id_list: IdList, lines: IdLines, services: Services
) -> Sequence[UUID]:
    """Return the ids of references that exist. The others are faults, unless they are to be left out."""
    ids = [item.id for item in listed]
    missing = await services.references.find_missing(ids, include_hidden=id_list.include_hidden) if ids else set()
    if not missing:
        return ids
    if not id_list.leave_out_missing:
        for item in listed:
            if item.id in missing:
                lines.faults.add(item.line, f"the reference {item.id} does not exist")
    return [item for item in ids if item not in missing]
