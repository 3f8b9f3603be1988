"""A batch as it is when nothing has happened to it yet."""

from dataclasses import replace
from uuid import uuid4

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch


def a_batch(**facts: object) -> Batch:
    batch = Batch(
        id=uuid4(),
        robot_id=uuid4(),
        requestor="someone",
        source=None,
        references=1,
        created_at=0.0,
        status=BatchStatus.RECEIVED,
        attempt_due_at=0.0,
    )
    return replace(batch, **facts)  # type: ignore[arg-type] # the test names facts
