"""`exchange batches parts`: how far a batch request is that is worked on in parts."""

from collections.abc import Sequence

from exchange.cli.batch_ids import BatchId, find_batch
from exchange.cli.batches import list_counts
from exchange.cli.common import COMMON, Common
from exchange.contract.parts import BatchPart

_COLUMNS = ("part", "job", "status", "references", "enhanced", "other", "leased until", "created", "ended", "error")


def parts(batch: BatchId, *, common: Common = COMMON) -> None:
    """List the parts of a batch request, in the order in which they were made.

    A batch request that fits one job has none. The status of a part is `replaced` if its references went to another
    part, because its lease ended before a result was delivered.
    """
    with common.connect() as client:
        found = list(client.list_parts(find_batch(client, batch)))
    common.terminal.show(found, _COLUMNS, map(_make_row, found))


def _make_row(part: BatchPart) -> Sequence[object]:
    # What became of the references of a replaced part is in the other part.
    counts = None if part.returned else part.counts
    return (
        *(part.number, part.id, "replaced" if part.returned else part.request_status, part.references),
        *(counts.enhanced if counts else None, list_counts(counts) if counts else None),
        *(part.leased_until, part.created_at, part.ended_at, part.error),
    )
