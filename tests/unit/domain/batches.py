"""A new batch for tests, in the state before its first event."""

from dataclasses import replace
from uuid import uuid4

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch


def a_batch(**fields: object) -> Batch:
    batch = Batch(
        id=uuid4(),
        robot_id=uuid4(),
        requestor="requestor",
        source=None,
        reference_count=1,
        created_at=0.0,
        status=BatchStatus.RECEIVED,
        attempt_due_at=0.0,
    )
    return replace(batch, **fields)  # type: ignore[arg-type] # the test chooses the fields
