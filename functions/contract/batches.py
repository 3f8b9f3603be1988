"""Batch requests: what a requestor asks for, and how it is told what came of it."""

from datetime import datetime
from enum import StrEnum

from pydantic import UUID4, Field

from functions.contract.base import LONGEST_TEXT, OwnUrl, WireModel

# A longer list is refused before each of its ids is looked at.
MOST_REFERENCES = 100_000


class BatchStatus(StrEnum):
    """Where a batch request stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IMPORTING = "importing"
    COMPLETED = "completed"
    PARTIAL_FAILED = "partial_failed"
    FAILED = "failed"


class BatchEnhancementRequestIn(WireModel):
    """A requestor's order: this robot, these references."""

    robot_id: UUID4
    # Checked not here but where every id that comes twice can be named.
    reference_ids: list[UUID4] = Field(
        min_length=1, max_length=MOST_REFERENCES, json_schema_extra={"uniqueItems": True}
    )
    source: str | None = Field(None, max_length=LONGEST_TEXT)


class BatchEnhancementRequestRead(WireModel):
    """A batch request as its requestor and its robot see it. URLs are signed anew for each answer."""

    id: UUID4
    robot_id: UUID4
    reference_ids: list[UUID4]
    source: str | None = None
    request_status: BatchStatus
    reference_data_url: OwnUrl | None = None
    result_storage_url: OwnUrl | None = None
    validation_result_file: OwnUrl | None = None
    validation_result_url: OwnUrl | None = None
    error: str | None = None


class BatchListQuery(WireModel):
    """Which batch requests to list; `continuation` is what the page before gave."""

    status: BatchStatus | None = None
    continuation: str | None = Field(None, pattern=r"^[0-9A-Za-z_-]{1,200}$")


class BatchEnhancementRequestSummary(WireModel):
    """A batch request in a list: without its references, of which there may be many, and its URLs."""

    id: UUID4
    robot_id: UUID4
    source: str | None = None
    request_status: BatchStatus
    error: str | None = None
    references: int
    created_at: datetime


class BatchEnhancementRequestList(WireModel):
    """A page of batch requests, the newest first; `continuation` asks for the next one and is null on the last."""

    batch_requests: list[BatchEnhancementRequestSummary]
    continuation: str | None = None
