"""The references of a batch request that were not enhanced, for its retry."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from exchange.concurrency import run_concurrently
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.callers import User
from exchange.domain.division import Part, Range
from exchange.domain.errors import Conflict, NotFound
from exchange.domain.id_list import derive_list_id
from exchange.ports import Services
from exchange.use_cases.manifest_file import read_range, read_selected
from exchange.use_cases.report_parts import find_parts
from exchange.use_cases.write_report import find_enhanced

# Ids that are in memory at once.
_SLICE = 10_000
# Reports of parts that are read at once, because the caller is waiting.
_REPORTS_AT_ONCE = 16

_EXPIRED = "The files of the batch request have expired, so it cannot be retried."
_NOTHING_LEFT = "Every reference of the batch request was enhanced, or does not exist any more."
_NEVER_READ = (
    "The list of references was not used, so nothing is left to retry. Upload a list, and request a new batch."
)


def check_list_read(batch: Batch) -> None:
    """Raise Conflict if the uploaded list of references was never read."""
    if batch.id_list is not None and batch.id_list.read_at is None:
        raise Conflict(_NEVER_READ)


async def list_left(batch: Batch, user: User, services: Services) -> Sequence[UUID]:
    """Return the references that were not enhanced, in the order of the request. Raises Conflict if there are none."""
    try:
        enhanced: set[str] = set()
        imported = [part async for part in find_parts(batch, services) if part.import_started]
        work = (find_enhanced(part, services) for part in imported)
        async for found in run_concurrently(work, _REPORTS_AT_ONCE):
            enhanced.update(found)
        requested = await read_selected(batch, services.files)
    except NotFound as error:
        raise Conflict(_EXPIRED) from error
    left = [reference_id for reference_id in requested if str(reference_id) not in enhanced]
    deleted = await services.references.find_missing(left, include_hidden=user.is_operator)
    left = [reference_id for reference_id in left if reference_id not in deleted]
    if not left:
        raise Conflict(_NOTHING_LEFT)
    return left


async def upload_left(batch: Batch, services: Services) -> UUID:
    """Write a list of the references that were not enhanced, as if the requestor had uploaded it. Return its id.

    Raises Conflict if there are none. Those that do not exist any more are left out when the list is read.
    """
    upload = services.new_id()
    is_empty = True
    try:
        async with services.files.create(blob_names.id_list(derive_list_id(batch.requestor, upload))) as blob:
            async for reference_ids in _find_left(batch, services):
                await blob.write("".join(f"{reference_id}\n" for reference_id in reference_ids).encode())
                is_empty = is_empty and not reference_ids
            if is_empty:
                raise Conflict(_NOTHING_LEFT)
    except NotFound as error:
        raise Conflict(_EXPIRED) from error
    return upload


async def _find_left(batch: Batch, services: Services) -> AsyncIterator[Sequence[UUID]]:
    """Yield the references in the order of the request, some at a time. What is in no part was not enhanced."""
    parts = [(part.part, part) async for part in find_parts(batch, services) if part.part is not None]
    end = 0
    for made, part in sorted(parts, key=_find_start):
        async for left in _read(batch, Range(start=end, count=made.range.start - end), frozenset(), services):
            yield left
        enhanced = frozenset(await find_enhanced(part, services)) if part.import_started else frozenset()
        async for left in _read(batch, made.range, enhanced, services):
            yield left
        end = made.range.start + made.range.count
    async for left in _read(batch, Range(start=end, count=batch.selected_count - end), frozenset(), services):
        yield left


def _find_start(item: tuple[Part, Batch]) -> int:
    return item[0].range.start


async def _read(
    batch: Batch, wanted: Range, enhanced: frozenset[str], services: Services
) -> AsyncIterator[Sequence[UUID]]:
    for piece in wanted.cut(_SLICE):
        found = await read_range(batch, piece, services.files)
        yield [reference_id for reference_id in found if str(reference_id) not in enhanced]
