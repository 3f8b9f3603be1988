"""Reading many references."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from exchange.cli.selection import batched_up_to
from exchange.client import Client
from exchange.contract.references import ReferenceRead

_MAX_CONCURRENT = 8
# How many references are in memory.
_WINDOW = 64


def read_all(client: Client, reference_ids: Iterable[UUID]) -> Iterator[ReferenceRead]:
    """Yield the references with all their enhancements, in the order of their ids."""
    pool = ThreadPoolExecutor(_MAX_CONCURRENT)
    try:
        for ids in batched_up_to(reference_ids, _WINDOW):
            yield from pool.map(lambda reference_id: _read_whole(client, reference_id), ids)
    except KeyboardInterrupt:
        # The calls in progress end at once, and no other one begins.
        client.close()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _read_whole(client: Client, reference_id: UUID) -> ReferenceRead:
    reference = client.read_reference(reference_id)
    enhancements = list(reference.enhancements or [])
    continuation = reference.enhancements_continuation
    while continuation is not None:
        page = client.read_reference(reference_id, continuation=continuation)
        enhancements += page.enhancements or []
        continuation = page.enhancements_continuation
    return reference.model_copy(update={"enhancements": enhancements, "enhancements_continuation": None})
