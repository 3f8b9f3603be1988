"""What a move gives."""

from dataclasses import dataclass, replace

from functions.contract.batches import BatchStatus
from functions.domain.batch import Batch
from functions.domain.events import Due


@dataclass(frozen=True, slots=True)
class Outcome:
    """The batch as it is now, and what is due. The very same batch object means that nothing changed."""

    batch: Batch
    due: Due | None = None


def ended(batch: Batch, status: BatchStatus, error: str | None) -> Outcome:
    """End the batch: nothing is due any more."""
    return Outcome(replace(batch, status=status, error=error))
