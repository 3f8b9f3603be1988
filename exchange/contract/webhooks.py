"""Webhooks: addresses of requestors that the exchange calls about events, by Standard Webhooks 1.0."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import UUID4, AfterValidator, Field

from exchange.contract.base import MAX_TEXT_LENGTH, HttpUrlText, WireModel
from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.metadata import Metadata
from exchange.contract.reports import ReferenceCounts


class WebhookEvent(StrEnum):
    """An event that a webhook can receive."""

    BATCH_ENDED = "batch.ended"


class DeliveryState(StrEnum):
    """The state of a delivery. A `pending` one has another attempt ahead."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


TEST_EVENT = "webhook.test"
"""The event that a test of a webhook delivers. Every webhook receives it."""

_MAX_DESCRIPTION_LENGTH = MAX_TEXT_LENGTH // 4
_MAX_EVENTS = 16


def _remove_repeated(events: list[WebhookEvent]) -> list[WebhookEvent]:
    return list(dict.fromkeys(events))


Url = Annotated[
    HttpUrlText,
    Field(description="The exchange posts events to it. In Azure this must be an https URL with a public address."),
]
Description = Annotated[str, Field(max_length=_MAX_DESCRIPTION_LENGTH, description="Free text for its owner.")]
Events = Annotated[
    list[WebhookEvent],
    # Millions of wrong events fit into a body, and a description of each fault would hold up other requests.
    Field(
        min_length=1,
        max_length=_MAX_EVENTS,
        fail_fast=True,
        description="The events that the webhook receives. A repeated one counts once.",
    ),
    AfterValidator(_remove_repeated),
]


class WebhookIn(WireModel):
    """A new webhook."""

    url: Url
    description: Description = ""
    events: Events = Field(default_factory=lambda: [WebhookEvent.BATCH_ENDED])


class WebhookPatch(WireModel):
    """Changes of a webhook. A field that is left out, or null, does not change."""

    url: Url | None = None
    description: Description | None = None
    enabled: bool | None = Field(None, description="A webhook that is not enabled receives nothing.")
    events: Events | None = None


class WebhookRead(WireModel):
    """A webhook."""

    id: UUID4
    url: Url
    description: Description
    events: Events
    enabled: bool
    disabled_reason: str | None = Field(None, description="Why the exchange disabled the webhook.")
    created_at: datetime


class ProvisionedWebhook(WebhookRead):
    """A webhook with its secret. The secret is shown when the webhook is created and when the secret is replaced."""

    secret: str = Field(
        repr=False, pattern="^whsec_[0-9A-Za-z+/]+=*$", description="The secret for signatures: `whsec_` and base64."
    )


class WebhookList(WireModel):
    """Your webhooks, oldest first."""

    webhooks: list[WebhookRead]


class WebhookDeliveryRead(WireModel):
    """A delivery: one event for one webhook, with its last attempt. `id` is the header `webhook-id` of each attempt."""

    id: UUID4
    event: str = Field(description="The `type` in the body that is delivered.")
    batch_request_id: UUID4 | None = Field(None, description="The batch request that the event is about.")
    created_at: datetime
    state: DeliveryState
    attempt: int = Field(description="The number of attempts that were made.")
    attempted_at: datetime | None = Field(None, description="When the last attempt began.")
    http_status: int | None = Field(None, description="The status that answered the last attempt.")
    reason: str | None = Field(None, description="Why the last attempt or the delivery failed.")
    duration_s: float | None = Field(None, description="The duration of the last attempt in seconds.")
    next_attempt_at: datetime | None = Field(None, description="When the next attempt is due.")


class WebhookDeliveryList(WireModel):
    """The latest deliveries of a webhook, latest first."""

    deliveries: list[WebhookDeliveryRead]


class BatchEnded(WireModel):
    """A batch request that has ended."""

    id: UUID4
    request_status: BatchStatus
    error: str | None = Field(None, description="Why the batch request was rejected, failed, or was cancelled.")
    error_code: ErrorCode | None = Field(None, description="The kind of `error`, for programs.")
    counts: ReferenceCounts | None = Field(None, description="The references by state.")
    metadata: Metadata | None = Field(None, description="As given in the request.")
    source: str | None
    robot_id: UUID4


class BatchEndedEvent(WireModel):
    """The body that a webhook receives when a batch request of its owner has ended."""

    type: Literal["batch.ended"] = "batch.ended"
    timestamp: datetime = Field(description="When the batch request ended.")
    data: BatchEnded


class TestedWebhook(WireModel):
    """The webhook that is tested."""

    webhook_id: UUID4


class WebhookTestEvent(WireModel):
    """The body of a test."""

    type: Literal["webhook.test"] = "webhook.test"
    timestamp: datetime = Field(description="When the test was requested.")
    data: TestedWebhook
