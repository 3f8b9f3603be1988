"""The counts of a batch add up at every moment, and only `pending` gets smaller while it runs."""

from dataclasses import replace
from uuid import UUID

import pytest

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import EntryCounts, EntryKind, ReferenceCounts
from exchange.domain.batch import Batch, Outcome, Progress, Validation
from exchange.domain.counts import count_entries, count_references
from tests.unit.domain.batches import a_batch

ATTEMPT = UUID("44444444-0000-4000-8000-000000000000")
# Ten references: five with an accepted entry, two with others only, and three without any.
VALIDATION = Validation(
    attempt=ATTEMPT,
    etag="one",
    entries=9,
    accepted=6,
    missing=3,
    failed=2,
    kinds={EntryKind.ADDED: 6, EntryKind.ROBOT_ERROR: 2, EntryKind.NOT_STORABLE: 1},
)
PROGRESS = Progress(chunks=1, added=3, refused=1, enhanced=2, last_entry=5)


def running(**fields: object) -> Batch:
    return a_batch(
        **{
            "reference_count": 10,
            "status": BatchStatus.IMPORTING,
            "import_started": True,
            "validation": VALIDATION,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("batch", "counts"),
    [
        (a_batch(reference_count=10), {"pending": 10}),
        # Until the import starts, the robot may upload another file.
        (a_batch(reference_count=10, status=BatchStatus.ACCEPTED, validation=VALIDATION), {"pending": 10}),
        (running(), {"failed": 2, "missing": 3, "pending": 5}),
        (running(progress=PROGRESS), {"enhanced": 2, "failed": 2, "missing": 3, "pending": 3}),
        (
            running(status=BatchStatus.PARTIAL_FAILED, outcome=Outcome(enhanced=4)),
            {"enhanced": 4, "failed": 3, "missing": 3},
        ),
        (
            running(
                status=BatchStatus.PARTIAL_FAILED,
                error_code=ErrorCode.CANCELLED,
                outcome=Outcome(enhanced=2, cancelled=3),
            ),
            {"enhanced": 2, "cancelled": 3, "failed": 2, "missing": 3},
        ),
        (
            running(status=BatchStatus.FAILED, error_code=ErrorCode.IMPORT_STALLED, progress=PROGRESS),
            {"enhanced": 2, "failed": 5, "missing": 3},
        ),
        (a_batch(reference_count=10, status=BatchStatus.REJECTED), {"failed": 10}),
        (
            a_batch(reference_count=10, status=BatchStatus.FAILED, error_code=ErrorCode.CANCELLED),
            {"cancelled": 10},
        ),
    ],
)
def test_the_states_of_the_references_add_up(batch: Batch, counts: dict[str, int]) -> None:
    counted = count_references(batch)
    assert counted == ReferenceCounts(requested=10, **counts)
    assert sum(counted.model_dump(exclude={"requested"}).values()) == 10


@pytest.mark.parametrize(
    ("batch", "counts"),
    [
        (running(), {"pending": 6, "not_storable": 1}),
        (running(progress=PROGRESS), {"added": 3, "pending": 2, "not_storable": 2}),
        (
            running(progress=PROGRESS, status=BatchStatus.FAILED, error_code=ErrorCode.IMPORT_STALLED),
            {"added": 3, "pending": 2, "not_storable": 2},
        ),
        (
            running(progress=PROGRESS, status=BatchStatus.PARTIAL_FAILED, error_code=ErrorCode.CANCELLED),
            {"added": 3, "cancelled": 2, "not_storable": 2},
        ),
        (running(test_run=True), {"added": 6, "not_storable": 1}),
    ],
)
def test_the_kinds_of_the_entries_add_up(batch: Batch, counts: dict[str, int]) -> None:
    counted = count_entries(batch)
    assert counted == EntryCounts(total=9, robot_error=2, **counts)
    assert sum(counted.model_dump(exclude={"total"}).values()) == 9


def test_the_entries_are_not_counted_before_the_import() -> None:
    assert count_entries(a_batch(validation=VALIDATION)) is None


def test_a_batch_of_an_older_version_has_no_counts() -> None:
    old = running(validation=replace(VALIDATION, kinds=None))
    assert (count_references(old), count_entries(old)) == (None, None)
