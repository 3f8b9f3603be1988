"""The report of a batch: entry by entry, and message by message."""

import asyncio
from contextlib import aclosing
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.contract.reports import BatchEntries, BatchEntriesQuery, BatchErrors
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.callers import User, check_may_see
from exchange.domain.errors import Conflict, NotFound
from exchange.domain.report import get_added_message
from exchange.domain.report_pages import PageReader
from exchange.ports import Services

# How much of the report is read for one page at most.
_PAGE_BYTES = 4 << 20


async def read_entries(batch_id: UUID, query: BatchEntriesQuery, user: User, services: Services) -> BatchEntries:
    """Return a page of the entries. Only a bounded part of the report is read.

    Raises NotFound, Forbidden, Conflict before the batch has ended, and InputRejected for a continuation that does not
    belong to this report.
    """
    batch = await _load_ended(batch_id, user, services)
    if batch.report is None:
        return BatchEntries(entries=[])
    page = PageReader(query, get_added_message(batch))
    # The byte before the page is read too. It has to end a line.
    offset = max(page.end - 1, 0)
    blob = services.files.read(blob_names.report_lines(batch_id, batch.report), offset, _PAGE_BYTES)
    try:
        async with aclosing(blob) as pieces:
            async for data in pieces:
                await asyncio.to_thread(page.read, data)
                if page.full:
                    break
    except NotFound as error:
        raise _expired() from error
    return page.finish(_PAGE_BYTES)


async def read_errors(batch_id: UUID, user: User, services: Services) -> BatchErrors:
    """Return the messages with their counts. Raises NotFound, Forbidden, and Conflict before the batch has ended."""
    batch = await _load_ended(batch_id, user, services)
    # A batch without errors is completed, and has no blob of them.
    if batch.report is None or batch.status is BatchStatus.COMPLETED:
        return BatchErrors(errors=[])
    try:
        pieces = [data async for data in services.files.read(blob_names.errors(batch_id, batch.report))]
    except NotFound as error:
        raise _expired() from error
    return BatchErrors.model_validate_json(b"".join(pieces))


async def _load_ended(batch_id: UUID, user: User, services: Services) -> Batch:
    batch = (await services.batches.load(batch_id)).batch
    check_may_see(user, batch)
    if not batch.ended:
        raise Conflict(f"The batch request has not ended (status '{batch.status}'), so it has no report yet.")
    return batch


def _expired() -> NotFound:
    return NotFound("The report of this batch request no longer exists. Reports expire.")
