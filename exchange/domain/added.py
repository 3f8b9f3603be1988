"""Where the enhancements are that a batch accepted and added."""

from collections.abc import Callable
from functools import partial

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.chunks import convert_old_line
from exchange.domain.counts import count_unimported, get_imported_validation
from exchange.domain.origin import make_origin


def find_accepted(batch: Batch) -> tuple[str, Callable[[bytes], bytes] | None]:
    """Return the name of the blob with the accepted entries, and what converts its lines if they have an older form."""
    validation = get_imported_validation(batch)
    if validation.hidden is not None:
        return blob_names.accepted(batch.id, validation.attempt), None
    origin = make_origin(batch, batch.delivered_at or batch.created_at)
    return blob_names.old_accepted(batch.id, validation.attempt), partial(convert_old_line, origin=origin)


def is_all_added(batch: Batch) -> bool:
    """Return whether requestors may read the blob of the accepted entries as what the batch added.

    Otherwise some were not imported, or are hidden, and the report has a blob of its own.
    """
    return get_imported_validation(batch).hidden == 0 and not batch.progress.refused and not count_unimported(batch)


def find_added(batch: Batch) -> str | None:
    """Return the name of the blob with the enhancements that the batch added. None if there is none."""
    if batch.division is not None:
        is_added = batch.report is not None and batch.division.totals.added and not batch.test_run
        return blob_names.enhancements(batch.id, batch.report) if batch.report and is_added else None
    if batch.report is None or not batch.progress.added:
        return None
    if is_all_added(batch):
        return blob_names.accepted(batch.id, get_imported_validation(batch).attempt)
    return blob_names.enhancements(batch.id, batch.report)
