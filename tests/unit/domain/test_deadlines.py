from dataclasses import replace

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Upload
from exchange.domain.deadlines import due_at
from exchange.domain.limits import Deadlines
from tests.unit.domain.batches import a_batch

# Each a power of ten of its own, so that a sum says which were added.
DEADLINES = Deadlines(
    dispatch_overdue_s=1,
    received_limit_s=1_000,
    robot_call_timeout_s=0,
    robot_retry_first_delay_s=0,
    robot_retry_max_delay_s=0,
    robot_retry_total_s=0,
    validation_wait_s=10,
    callback_wait_s=100,
    robot_silence_limit_s=10_000,
    progress_limit_s=100_000,
    progress_attempts=10,
    heartbeat_interval_s=0,
)
BATCH = a_batch()


def batch(status: BatchStatus, **facts: object) -> Batch:
    return replace(BATCH, status=status, **facts)  # type: ignore[arg-type] # the test names facts


def upload(at: float) -> Upload:
    return Upload(etag="e", last_modified=at, size=1)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, 1),
        ({"attempt_due_at": 40.0}, 41),
        ({"attempt_due_at": 40.0, "call_until": 70.0}, 71),
        ({"attempt_due_at": 40.0, "call_until": 30.0}, 41),
        ({"call_until": 30.0, "resent_at": 50.0}, 51),
        ({"attempt_due_at": 2_000.0}, 1_000),
        ({"resent_at": 5_000.0}, 1_000),
    ],
)
def test_a_dispatch_is_overdue_after_the_last_sign_of_it_but_not_for_ever(
    facts: dict[str, object], expected: float
) -> None:
    assert due_at(batch(BatchStatus.RECEIVED, **facts), DEADLINES) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"accepted_at": 5.0}, 105),
        ({"accepted_at": 5.0, "resent_at": 600.0}, 700),
        ({"accepted_at": 5.0, "resent_at": 9_990.0}, 10_005),
        ({"accepted_at": 5.0, "upload": upload(3.0)}, 103),
        ({"accepted_at": 5.0, "upload": upload(30.0)}, 105),
        ({"accepted_at": 5.0, "resent_at": 600.0, "upload": upload(590.0)}, 690),
        ({"accepted_at": 5.0, "resent_at": 9_990.0, "upload": upload(9_989.0)}, 10_089),
    ],
)
def test_the_result_is_looked_for_until_the_robots_time_is_up(facts: dict[str, object], expected: float) -> None:
    assert due_at(batch(BatchStatus.ACCEPTED, **facts), DEADLINES) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"delivered_at": 7.0}, 17),
        ({"delivered_at": 7.0, "worked_at": 9.0}, 19),
        ({"delivered_at": 7.0, "worked_at": 3.0}, 17),
        ({"delivered_at": 7.0, "resent_at": 20.0, "resends": 1}, 100_020),
        ({"delivered_at": 7.0, "pinned": True, "worked_at": 8.0}, 100_008),
        ({"delivered_at": 7.0, "pinned": True, "worked_at": 8.0, "resent_at": 90.0, "resends": 2}, 100_090),
    ],
)
def test_work_is_overdue_after_its_last_sign_of_life(facts: dict[str, object], expected: float) -> None:
    assert due_at(batch(BatchStatus.IMPORTING, **facts), DEADLINES) == expected


@pytest.mark.parametrize(
    "status", [BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED, BatchStatus.FAILED, BatchStatus.REJECTED]
)
def test_nothing_is_due_after_the_end(status: BatchStatus) -> None:
    assert due_at(batch(status, delivered_at=7.0, resent_at=9.0), DEADLINES) is None
