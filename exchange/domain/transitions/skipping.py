"""References that are left out when a batch is requested."""

from dataclasses import replace
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.transitions.transition import Transition


def skip(registered: Transition, skipped_count: int, selected: UUID, now: float) -> Transition:
    """Return the new batch without the skipped references. `selected` names the blob with the other ones.

    If all are skipped, every reference is enhanced already. Then the batch ends as `completed`, and no robot is called.
    """
    batch: Batch = replace(registered.batch, skipped_count=skipped_count, selected=selected)
    if skipped_count < batch.reference_count:
        return replace(registered, batch=batch)
    return Transition(replace(batch, status=BatchStatus.COMPLETED, ended_at=now, due_at=None))
