"""The counts of a batch's references and entries, at every moment."""

from exchange.contract.batches import ErrorCode
from exchange.contract.reports import EntryCounts, EntryKind, ReferenceCounts
from exchange.domain.batch import Batch, Validation
from exchange.domain.division import PartOutcome, Totals, count_expiry


def get_imported_validation(batch: Batch) -> Validation:
    """Return the validation whose entries are imported. The import must have started."""
    if batch.validation is None:
        msg = f"the import of batch {batch.id} has started without a validation"
        raise AssertionError(msg)
    return batch.validation


def count_unimported(batch: Batch) -> int:
    """Count the accepted entries that no recorded chunk contains. None of a test run's are left."""
    progress = batch.progress
    return 0 if batch.test_run else get_imported_validation(batch).accepted - progress.added - progress.refused


def count_added(batch: Batch) -> int:
    """Count the enhancements that were added so far. In a test run: those that would be."""
    if batch.test_run and batch.import_started:
        return get_imported_validation(batch).accepted
    return batch.progress.added


def count_references(batch: Batch) -> ReferenceCounts | None:
    """Count the references by state. None if an older version imported the batch and counted no references.

    Before the import starts, nothing is known: an upload may still be replaced. While it runs, the counts are those of
    the validation and of the recorded chunks. They are exact once the report is written.
    """
    known = ReferenceCounts(requested=batch.reference_count, skipped=batch.skipped_count)
    if batch.division is not None:
        return _count_parts(batch, batch.division.totals, known)
    if not batch.import_started:
        return _count_rest(batch, known)
    validation = get_imported_validation(batch)
    if validation.kinds is None:
        return None
    if batch.outcome is None:
        found = {"enhanced": batch.progress.enhanced, "failed": validation.failed}
    else:
        found = {"enhanced": batch.outcome.enhanced, "cancelled": batch.outcome.cancelled}
    return _count_rest(batch, known.model_copy(update={**found, "missing": validation.missing}))


def _count_parts(batch: Batch, totals: Totals, known: ReferenceCounts) -> ReferenceCounts:
    """Sum up the parts that ended. What was in no part is pending, and cancelled or failed at the end."""
    found = {name: getattr(totals, name) for name in ("enhanced", "failed", "missing", "cancelled")}
    return _count_rest(batch, known.model_copy(update=found))


def _count_rest(batch: Batch, known: ReferenceCounts) -> ReferenceCounts:
    """Add the references whose state is not known. They are pending, and cancelled or failed at the end."""
    rest = known.requested - known.enhanced - known.failed - known.missing - known.cancelled - known.skipped
    if not batch.ended:
        return known.model_copy(update={"pending": rest})
    if batch.error_code is ErrorCode.CANCELLED and batch.outcome is None:
        return known.model_copy(update={"cancelled": known.cancelled + rest})
    return known.model_copy(update={"failed": known.failed + rest})


def count_entries(batch: Batch) -> EntryCounts | None:
    """Count the entries of the imported result by kind. None before the import starts, as the file may be replaced.

    Those of a batch request in parts are the sums over the parts that ended. None before the first one with a result.
    """
    if batch.division is not None:
        return EntryCounts(**batch.division.totals.entries) if batch.division.totals.entries else None
    if not batch.import_started or (kinds := get_imported_validation(batch).kinds) is None:
        return None
    validation, progress = get_imported_validation(batch), batch.progress
    counts = {kind.value: count for kind, count in kinds.items()}
    counts[EntryKind.ADDED] = count_added(batch)
    counts[EntryKind.NOT_STORABLE] = kinds.get(EntryKind.NOT_STORABLE, 0) + progress.refused
    left = EntryKind.CANCELLED if batch.error_code is ErrorCode.CANCELLED else "pending"
    return EntryCounts(total=validation.entries, **{**counts, left: count_unimported(batch)})


def count_part(batch: Batch) -> PartOutcome:
    """Return what a part that has ended did, for the sums of its batch request."""
    if batch.part is not None and batch.part.returned and batch.lease is not None:
        return PartOutcome(status=batch.status, returned=count_expiry(batch.part, batch.lease))
    references, entries = count_references(batch), count_entries(batch)
    return PartOutcome(
        status=batch.status,
        error=batch.error,
        error_code=batch.error_code,
        enhanced=references.enhanced if references else 0,
        failed=references.failed if references else 0,
        missing=references.missing if references else 0,
        cancelled=references.cancelled if references else 0,
        added=count_added(batch),
        entries=entries.model_dump() if entries else {},
        accepted_at=batch.accepted_at,
    )
