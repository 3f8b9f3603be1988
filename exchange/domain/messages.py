"""The messages on the Service Bus queues."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class DispatchMessage:
    """Call the robot of this batch, as this attempt.

    The queue holds the message back until `deliver_at` (seconds since the epoch). None means at once.
    """

    batch_id: UUID
    attempt: int
    deliver_at: float | None = None


@dataclass(frozen=True, slots=True)
class ImportMessage:
    """Import the result that the robot of this batch delivered."""

    batch_id: UUID


Message = DispatchMessage | ImportMessage

# The JSON of a message's body.
DISPATCH_MESSAGE: TypeAdapter[DispatchMessage] = TypeAdapter(DispatchMessage)
IMPORT_MESSAGE: TypeAdapter[ImportMessage] = TypeAdapter(ImportMessage)
