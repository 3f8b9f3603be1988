from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from exchange.contract.base import to_time
from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain.activity import find_last_sign, summarize_activity
from exchange.domain.batch import Batch, Outcome, Progress, Upload, Validation
from exchange.domain.division import Division, Range, Totals
from exchange.domain.lifecycle import register
from tests.fakes.world import DEADLINES, START


def a_batch(status: str = "received", **fields: Any) -> Batch:
    request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4() for _ in range(4)])
    batch = register(uuid4(), request, "requestor", START, DEADLINES).batch
    return _replace(batch, status=BatchStatus(status), **fields)


def _replace(batch: Batch, **fields: Any) -> Batch:
    return Batch(**{**{name: getattr(batch, name) for name in batch.__slots__}, **fields})


def delivered(seconds: float, status: str = "completed") -> Batch:
    return a_batch(status, accepted_at=START, delivered_at=START + seconds)


def test_a_robot_without_batches_has_no_activity() -> None:
    activity = summarize_activity([], truncated=False)
    assert activity.last_30_days.model_dump() == {
        "batches": dict.fromkeys(BatchStatus, 0),
        "references_enhanced": 0,
        "references_failed": 0,
        "median_seconds_to_deliver": None,
        "p95_seconds_to_deliver": None,
        "truncated": False,
    }
    assert (activity.last_seen_at, activity.waiting) == (None, 0)


def test_batches_are_counted_by_status() -> None:
    batches = [a_batch(status) for status in ("received", "accepted", "accepted", "importing", "failed")]
    activity = summarize_activity(batches, truncated=True)
    counted = {status: count for status, count in activity.last_30_days.batches.items() if count}
    assert counted == {"received": 1, "accepted": 2, "importing": 1, "failed": 1}
    assert activity.waiting == 3
    assert activity.last_30_days.truncated


VALIDATION = Validation(attempt=uuid4(), etag="one", entries=4, accepted=3, missing=1, failed=1, kinds={})
IMPORTED = {"import_started": True, "validation": VALIDATION}


@pytest.mark.parametrize(
    ("batch", "counts"),
    [
        (a_batch("accepted"), (0, 0)),
        (a_batch("importing", progress=Progress(enhanced=2), **IMPORTED), (2, 2)),
        (a_batch("partial_failed", outcome=Outcome(enhanced=1), **IMPORTED), (1, 3)),
        (a_batch("rejected"), (0, 4)),
        # Skipped references are neither enhanced nor failed.
        (a_batch("failed", skipped_count=3, selected=uuid4()), (0, 1)),
        # An older version did not count references.
        (a_batch("completed", import_started=True, validation=replace(VALIDATION, kinds=None)), (0, 0)),
    ],
)
def test_references_are_enhanced_or_failed(batch: Batch, counts: tuple[int, int]) -> None:
    activity = summarize_activity([batch, batch], truncated=False).last_30_days
    assert (activity.references_enhanced, activity.references_failed) == (2 * counts[0], 2 * counts[1])


@pytest.mark.parametrize(
    ("seconds", "median", "p95"),
    [
        ([7.0], 7.0, 7.0),
        ([9.0, 1.0], 5.0, 9.0),
        ([float(number) for number in range(20, 0, -1)], 10.5, 19.0),
        ([float(number) for number in range(1, 101)], 50.5, 95.0),
    ],
)
def test_the_time_to_deliver_is_from_the_acceptance_to_the_delivery(
    seconds: list[float], median: float, p95: float
) -> None:
    batches = [*(delivered(item) for item in seconds), a_batch("accepted", accepted_at=START)]
    activity = summarize_activity(batches, truncated=False).last_30_days
    assert (activity.median_seconds_to_deliver, activity.p95_seconds_to_deliver) == (median, p95)


@pytest.mark.parametrize(
    ("batch", "seen"),
    [
        (a_batch(), None),
        (a_batch("failed", ended_at=START + 9), None),
        (a_batch("accepted", accepted_at=START + 1), START + 1),
        (
            a_batch("accepted", accepted_at=START + 1, upload=Upload(etag="e", last_modified=START + 5, size=1)),
            START + 5,
        ),
        (delivered(7), START + 7),
        (a_batch("rejected", ended_at=START + 3), START + 3),
        (a_batch("failed", accepted_at=START + 1, robot_error="no", ended_at=START + 4), START + 4),
    ],
)
def test_the_last_sign_of_a_robot_is_the_latest_of_its_batch(batch: Batch, seen: float | None) -> None:
    assert find_last_sign(batch) == seen
    earlier = a_batch("accepted", accepted_at=START - 100)
    activity = summarize_activity([earlier, batch], truncated=False)
    assert activity.last_seen_at == to_time(START - 100 if seen is None else seen)


def in_parts(status: str = "accepted", *, size: int | None = None, **division: Any) -> Batch:
    made = Division(size=size, **division)
    return a_batch(status, accepted_at=START + 1, division=made)


DONE = Totals(parts=2, completed=2)
HALF_DONE = Totals(parts=2, completed=1)


@pytest.mark.parametrize(
    ("batch", "seen"),
    [
        (in_parts(served_at=START + 5), START + 5),
        # The exchange made the part. The robot may not have accepted it.
        (in_parts(size=2, served_at=START + 5), START + 1),
        (replace(in_parts("completed", totals=DONE, served_at=START + 5), delivered_at=START + 7), START + 7),
        # The last part may have ended because its lease expired.
        (replace(in_parts("failed", totals=HALF_DONE, served_at=START + 5), delivered_at=START + 7), START + 5),
        (replace(in_parts("failed", totals=Totals(), served_at=START + 5), delivered_at=START + 7), START + 5),
    ],
)
def test_the_last_sign_in_a_batch_in_parts_is_one_of_the_robot(batch: Batch, seen: float) -> None:
    assert find_last_sign(batch) == seen


@pytest.mark.parametrize(
    ("batch", "waiting", "references"),
    [
        (in_parts("received"), 1, 4),
        (in_parts(made=1, next_start=3), 1, 1),
        (in_parts(made=1, next_start=3, returned=(Range(start=0, count=2),)), 1, 3),
        # All references are in parts, which have not ended.
        (in_parts(made=2, next_start=4), 1, 0),
        # The exchange sends these parts.
        (in_parts(size=3, made=1, next_start=3), 1, 0),
        (replace(in_parts(made=1, next_start=3), cancel_requested_at=START), 1, 0),
        (in_parts("importing", made=1, next_start=4), 0, 0),
        (in_parts("failed", made=1, next_start=3), 0, 0),
    ],
)
def test_what_waits_to_be_fetched_is_counted(batch: Batch, waiting: int, references: int) -> None:
    activity = summarize_activity([batch, a_batch("completed")], truncated=False)
    assert (activity.waiting, activity.references_to_fetch) == (waiting, references)
