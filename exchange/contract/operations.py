"""What operators read and do: stats, overdue batch requests, dead letters, and failed deliveries to webhooks."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import UUID4, ConfigDict, Field, StringConstraints, model_validator

from exchange.contract.base import WireModel
from exchange.contract.batches import BatchStatus
from exchange.contract.reports import ReferenceCounts

MAX_RESENT = 100
MAX_COUNTED = 1_000
"""Dead letters and failed deliveries are not counted beyond this number."""


class DeadLetterQueue(StrEnum):
    """Where dead letters are."""

    DISPATCH = "dispatch"
    """Messages to call a robot that failed at every delivery."""
    IMPORT = "import"
    """Messages to validate or import a result that failed at every delivery."""
    NOTIFY = "notify"
    """Messages to notify or call a webhook that failed at every delivery."""
    BLOBS = "blobs"
    """Events of uploads that the app failed to handle."""
    EVENTS = "events"
    """Events of uploads that Event Grid could not deliver."""


# The name behind the slash may be that of a blob.
_MAX_ID_LENGTH = 1_100
DeadLetterId = Annotated[
    str,
    StringConstraints(max_length=_MAX_ID_LENGTH, pattern=rf"^({'|'.join(DeadLetterQueue)})/[^\x00-\x1f]+$"),
]
"""The queue, a slash, and the name of the dead letter in it: `dispatch/3`."""

Phase = Literal["reading", "received", "accepted", "delivered", "importing", "divided", "reporting"]
"""The phase of an open batch request. `reading` has the status `received`, and `delivered`, `importing` and `reporting`
have the status `importing`.

`divided` has the status `received` until a robot has accepted or fetched the first part, then `accepted`.
"""


class UnreachablePart(WireModel):
    """A part of the stats that cannot be read now."""

    part: str = Field(description="The name of the field. For dead letters with the queue: `dead_letters.import`.")
    reason: str


class UnreachableQueue(WireModel):
    """A queue that cannot be read now."""

    queue: DeadLetterQueue
    reason: str


class OpenBatchRequests(WireModel):
    """The open batch requests in one phase."""

    request_status: BatchStatus
    phase: Phase
    count: int
    oldest_age_s: float | None = Field(None, description="The age of the oldest one in seconds. Null if there is none.")


class DeadLetterCount(WireModel):
    """The number of dead letters in one queue."""

    queue: DeadLetterQueue
    count: int | None = Field(None, description=f"At most {MAX_COUNTED:,}. Null if it is not known.")


class OperationStats(WireModel):
    """The state of the exchange now. A part that cannot be read is null, and `unreachable` has the reason."""

    open_batch_requests: list[OpenBatchRequests] | None = Field(
        None, description="The batch requests that have not ended, by phase."
    )
    overdue: int | None = Field(None, description="The number of open batch requests whose next step is overdue.")
    dead_letters: list[DeadLetterCount]
    failed_webhook_deliveries: int | None = Field(
        None, description=f"The number of stored deliveries to webhooks that failed, at most {MAX_COUNTED:,}."
    )
    unreachable: list[UnreachablePart]


class OverdueQuery(WireModel):
    """Which overdue batch requests to list."""

    limit: int = Field(100, ge=1, le=100, description="The maximum number of batch requests.")


class OverdueBatchRequest(WireModel):
    """An open batch request whose next step is overdue, or such a part of one."""

    id: UUID4
    part_of: UUID4 | None = Field(None, description="The batch request that it is a part of, if it is a part.")
    robot_id: UUID4
    request_status: BatchStatus
    phase: Phase
    created_at: datetime
    due_at: datetime = Field(description="When the sweep should have continued it.")
    waiting_for: str | None = Field(
        None, description="What it waits for while its robot cannot be reached, or does not fetch it."
    )
    counts: ReferenceCounts | None = Field(None, description="The references by state.")


class OverdueBatchRequestList(WireModel):
    """Overdue batch requests, longest overdue first."""

    batch_requests: list[OverdueBatchRequest]
    truncated: bool = Field(description="Whether there are more.")


class DeadLettersQuery(WireModel):
    """Which dead letters to list."""

    queue: DeadLetterQueue | None = Field(None, description="List the dead letters of this queue only.")
    limit: int = Field(100, ge=1, le=1000, description="The maximum number of dead letters.")


class DeadLetterRead(WireModel):
    """A dead letter. A value that its queue does not have is null."""

    id: str = Field(description="The queue, a slash, and the name of the dead letter in it.")
    queue: DeadLetterQueue
    batch_request_id: UUID4 | None = Field(
        None, description="The batch request that it is about. If there are several, the first one."
    )
    batch_request_ids: list[UUID4] | None = Field(None, description="All of them, if there are several.")
    since: datetime | None = None
    attempts: int | None = Field(None, description="The number of failed deliveries.")
    reason: str | None = None


class DeadLetterList(WireModel):
    """Dead letters, queue by queue."""

    dead_letters: list[DeadLetterRead]
    truncated: bool = Field(description="Whether there are more.")
    unreachable: list[UnreachableQueue] = Field(description="The queues that cannot be read now.")


class DeadLetterResendIn(WireModel):
    """Which dead letters to resend: those with these ids, or all."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "properties": {"ids": {"type": "array"}, "all": {"const": False}, "queue": {"type": "null"}},
                    "required": ["ids"],
                },
                {"properties": {"ids": {"type": "null"}, "all": {"const": True}}, "required": ["all"]},
            ]
        }
    )

    ids: list[DeadLetterId] | None = Field(
        None,
        min_length=1,
        max_length=MAX_RESENT,
        fail_fast=True,
        description="The ids of the dead letters. A repeated one counts once.",
    )
    all: bool = Field(False, description=f"Whether to resend all dead letters, {MAX_RESENT} with each call.")
    queue: DeadLetterQueue | None = Field(None, description="With `all`: only those of this queue.")

    @model_validator(mode="after")
    def _check_choice(self) -> Self:
        if self.all == (self.ids is not None):
            raise ValueError("give either ids, or all with the value true")
        if self.queue is not None and self.ids is not None:
            raise ValueError("leave queue out, because each id names its queue")
        return self


class ResentDeadLetter(WireModel):
    """What became of one dead letter."""

    id: str
    error: str | None = Field(description="Why it was not resent. It stays in its queue. Null if it was resent.")


class DeadLetterResendResult(WireModel):
    """What became of the dead letters. With `ids`, there is one result for each id."""

    results: list[ResentDeadLetter]
    remaining: bool = Field(
        description="Whether there may be more to resend, because this call reached its limit. Call again. Dead letters"
        " that could not be resent are tried again then, so stop when a call resends none."
    )
    unreachable: list[UnreachableQueue] = Field(description="The queues that cannot be reached now.")


class FailedDeliveriesQuery(WireModel):
    """Which failed deliveries to list."""

    limit: int = Field(100, ge=1, le=100, description="The maximum number of deliveries.")


class FailedWebhookDelivery(WireModel):
    """A failed delivery to a webhook. Neither the owner of the webhook nor its path and query are shown."""

    id: UUID4
    webhook_id: UUID4
    url_host: str | None = Field(None, description="The host of the webhook's URL now. Null if it was deleted.")
    event: str
    batch_request_id: UUID4 | None = None
    created_at: datetime
    attempts: int = Field(description="The number of attempts that were made.")
    attempted_at: datetime | None = Field(None, description="When the last attempt began.")
    http_status: int | None = Field(None, description="The status that answered the last attempt.")
    reason: str | None = Field(None, description="Why the last attempt or the delivery failed.")


class FailedWebhookDeliveryList(WireModel):
    """Failed deliveries to all webhooks, latest first."""

    deliveries: list[FailedWebhookDelivery]
    truncated: bool = Field(description="Whether there are more.")
