"""The result of a lifecycle event."""

from dataclasses import dataclass, replace
from enum import StrEnum

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain.batch import Batch
from exchange.domain.messages import BatchMessage


class RobotFailure(StrEnum):
    """How a robot failed. Metrics count these."""

    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    ERROR_REPORTED = "error_reported"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Transition:
    """The batch after an event, and the message to send once the batch is written.

    If it is the same `Batch` object as before, nothing changed. `failure` is set if the robot failed.
    """

    batch: Batch
    message: BatchMessage | None = None
    failure: RobotFailure | None = None


def end(
    batch: Batch,
    status: BatchStatus,
    error: str | None = None,
    code: ErrorCode | None = None,
    failure: RobotFailure | None = None,
) -> Transition:
    """End the batch with this status. The only message that may follow is about webhooks: see `notifying`."""
    return Transition(replace(batch, status=status, error=error, error_code=code), failure=failure)
