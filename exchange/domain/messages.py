"""The messages on the Service Bus queues."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter


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


@dataclass(frozen=True, slots=True)
class ValidateMessage:
    """Validate the result that the robot of this batch delivered, unless its blob event has led to that already.

    It is on the queue `import`, which holds it back until `deliver_at` (seconds since the epoch).
    """

    batch_id: UUID
    deliver_at: float


@dataclass(frozen=True, slots=True)
class NotifyMessage:
    """Notify the webhooks of the requestor that this batch has ended."""

    batch_id: UUID


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """Call the webhook with this delivery, as this attempt.

    It is on the queue `notify`, which holds it back until `deliver_at` (seconds since the epoch). None means at once.
    """

    webhook_id: UUID
    delivery_id: UUID
    attempt: int
    deliver_at: float | None = None


BatchMessage = DispatchMessage | ImportMessage | ValidateMessage | NotifyMessage
Message = BatchMessage | WebhookMessage

# The JSON of a message's body, for each queue. On the queue `import`, what has a `deliver_at` is a ValidateMessage.
DISPATCH_MESSAGE: TypeAdapter[DispatchMessage] = TypeAdapter(DispatchMessage)
IMPORT_MESSAGE: TypeAdapter[ImportMessage | ValidateMessage] = TypeAdapter(
    Annotated[ValidateMessage | ImportMessage, Field(union_mode="left_to_right")]
)
NOTIFY_MESSAGE: TypeAdapter[WebhookMessage | NotifyMessage] = TypeAdapter(
    Annotated[WebhookMessage | NotifyMessage, Field(union_mode="left_to_right")]
)
