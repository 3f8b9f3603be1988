from dataclasses import replace

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Upload
from exchange.domain.deadlines import find_due_at
from exchange.domain.limits import Deadlines
from tests.unit.domain.batches import a_batch

# Different powers of ten, so that a sum shows which deadlines were added. The others do not matter here.
DEADLINES = Deadlines(
    dispatch_overdue_s=1,
    received_limit_s=1_000,
    validation_wait_s=10,
    callback_wait_s=100,
    robot_silence_limit_s=10_000,
    progress_limit_s=100_000,
)
BATCH = a_batch()


def batch(status: BatchStatus, **fields: object) -> Batch:
    return replace(BATCH, status=status, **fields)  # type: ignore[arg-type] # the test chooses the fields


def upload(last_modified: float) -> Upload:
    return Upload(etag="e", last_modified=last_modified, size=1)


@pytest.mark.parametrize(
    ("fields", "expected"),
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
def test_a_received_batch_is_due_after_its_last_dispatch_and_at_the_limit(
    fields: dict[str, object], expected: float
) -> None:
    assert find_due_at(batch(BatchStatus.RECEIVED, **fields), DEADLINES) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"accepted_at": 5.0}, 105),
        ({"accepted_at": 5.0, "resent_at": 600.0}, 700),
        ({"accepted_at": 5.0, "resent_at": 9_990.0}, 10_005),
        ({"accepted_at": 5.0, "upload": upload(3.0)}, 103),
        ({"accepted_at": 5.0, "upload": upload(30.0)}, 105),
        ({"accepted_at": 5.0, "resent_at": 600.0, "upload": upload(590.0)}, 690),
        ({"accepted_at": 5.0, "resent_at": 9_990.0, "upload": upload(9_989.0)}, 10_005),
    ],
)
def test_an_accepted_batch_is_due_at_each_check_of_its_result_and_at_the_silence_limit(
    fields: dict[str, object], expected: float
) -> None:
    assert find_due_at(batch(BatchStatus.ACCEPTED, **fields), DEADLINES) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"delivered_at": 7.0}, 17),
        ({"delivered_at": 7.0, "worked_at": 9.0}, 19),
        ({"delivered_at": 7.0, "worked_at": 3.0}, 17),
        ({"delivered_at": 7.0, "resent_at": 20.0, "resends": 1}, 100_020),
        ({"delivered_at": 7.0, "import_started": True, "worked_at": 8.0}, 100_008),
        ({"delivered_at": 7.0, "import_started": True, "worked_at": 8.0, "resent_at": 90.0, "resends": 2}, 100_090),
    ],
)
def test_a_delivered_batch_is_due_after_its_last_sign_of_work(fields: dict[str, object], expected: float) -> None:
    assert find_due_at(batch(BatchStatus.IMPORTING, **fields), DEADLINES) == expected


@pytest.mark.parametrize(
    "status", [BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED, BatchStatus.FAILED, BatchStatus.REJECTED]
)
def test_an_ended_batch_without_webhooks_is_never_due(status: BatchStatus) -> None:
    assert find_due_at(batch(status, delivered_at=7.0, resent_at=9.0), DEADLINES) is None


@pytest.mark.parametrize(("fields", "expected"), [({}, 310), ({"resent_at": 4.0}, 310), ({"resent_at": 60.0}, 360)])
def test_an_ended_batch_is_due_until_its_webhooks_are_notified(fields: dict[str, object], expected: float) -> None:
    ended = batch(BatchStatus.COMPLETED, ended_at=10.0, notify_due=True, **fields)
    assert find_due_at(ended, DEADLINES) == expected
