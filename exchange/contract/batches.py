"""Batch requests, as requestors and robots see them."""

from datetime import datetime
from enum import StrEnum

from pydantic import UUID4, Field

from exchange.contract.base import MAX_TEXT_LENGTH, OwnUrl, WireModel

# A longer list is refused before its ids are validated.
MAX_REFERENCES = 100_000


class BatchStatus(StrEnum):
    """The status of a batch request."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IMPORTING = "importing"
    COMPLETED = "completed"
    PARTIAL_FAILED = "partial_failed"
    FAILED = "failed"


class BatchEnhancementRequestIn(WireModel):
    """A request that a robot enhance these references."""

    robot_id: UUID4 = Field(description="The robot that enhances the references.")
    # `register_batch` checks that the ids are unique, because it can name the repeated ones.
    reference_ids: list[UUID4] = Field(
        min_length=1,
        max_length=MAX_REFERENCES,
        # The first wrong id is enough. A hundred thousand descriptions of faults would hold up other requests.
        fail_fast=True,
        json_schema_extra={"uniqueItems": True},
        description="The references to enhance. Each id may occur once.",
    )
    source: str | None = Field(
        None, max_length=MAX_TEXT_LENGTH, description="Free text for the requestor, for example the name of a review."
    )
    skip_enhanced: bool = Field(
        default=False,
        description="Whether to leave out references that already have an enhancement by this robot and its present "
        "version, or by any version of it if it has none.",
    )


class BatchEnhancementRequestRead(WireModel):
    """A batch request as its requestor and its robot see it. Each answer has freshly signed URLs."""

    id: UUID4
    robot_id: UUID4
    reference_ids: list[UUID4]
    source: str | None = None
    request_status: BatchStatus
    reference_data_url: OwnUrl | None = Field(
        None, description="Signed URL to read the references as JSON lines. For the robot and operators only."
    )
    result_storage_url: OwnUrl | None = Field(
        None, description="Signed URL to upload the result file. For the robot only."
    )
    validation_result_file: OwnUrl | None = Field(
        None, description="Signed URL to read the report as text, once it exists."
    )
    validation_result_url: OwnUrl | None = Field(
        None, description="Signed URL to read the report as JSON lines, once it exists."
    )
    error: str | None = Field(None, description="Why the batch request was rejected or failed.")
    waiting_for: str | None = Field(
        None, description="What the batch request waits for while its robot cannot be reached."
    )
    warnings: list[str] | None = Field(
        None, description="Fields of the request that were ignored. Part of the answer to the request only."
    )


class BatchListQuery(WireModel):
    """Which batch requests to list. `continuation` is the value from the previous page."""

    status: BatchStatus | None = Field(None, description="List batch requests with this status only.")
    continuation: str | None = Field(
        None, pattern=r"^[0-9A-Za-z_-]{1,200}$", description="The `continuation` of the previous page."
    )


class BatchEnhancementRequestSummary(WireModel):
    """A batch request in a list: without the ids of its references and without URLs. `references` is their number."""

    id: UUID4
    robot_id: UUID4
    source: str | None = None
    request_status: BatchStatus
    error: str | None = None
    references: int = Field(description="The number of references.")
    created_at: datetime


class BatchEnhancementRequestList(WireModel):
    """A page of batch requests, newest first. `continuation` requests the next page and is null on the last one."""

    batch_requests: list[BatchEnhancementRequestSummary]
    continuation: str | None = Field(None, description="Requests the next page. Null on the last page.")
