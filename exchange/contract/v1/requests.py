"""Enhancement requests: what requestors ask for and read. An enhancement request is a batch request."""

from enum import StrEnum
from typing import Self

from pydantic import UUID4, Field

from exchange.contract.base import MAX_TEXT_LENGTH, OwnUrl, WireModel
from exchange.contract.batches import (
    MAX_REFERENCES,
    BatchEnhancementRequestIn,
    BatchEnhancementRequestRead,
    BatchStatus,
)


class EnhancementRequestStatus(StrEnum):
    """The status of an enhancement request. The SDK has more, which the exchange does not use."""

    RECEIVED = "received"
    PROCESSING = "processing"
    REJECTED = "rejected"
    IMPORTING = "importing"
    COMPLETED = "completed"
    PARTIAL_FAILED = "partial_failed"
    FAILED = "failed"

    @classmethod
    def of(cls, status: BatchStatus) -> Self:
        """Return the status of a batch request by its name in this protocol.

        There `accepted` is the status between `received` and `processing`. A batch request that is accepted here is
        being worked on.
        """
        return cls("processing" if status is BatchStatus.ACCEPTED else status.value)


class EnhancementRequestIn(WireModel):
    """A request that a robot enhance these references."""

    robot_id: UUID4 = Field(description="The robot that enhances the references.")
    reference_ids: list[UUID4] = Field(
        min_length=1,
        max_length=MAX_REFERENCES,
        fail_fast=True,
        json_schema_extra={"uniqueItems": True},
        description="The references to enhance. Each id may occur once.",
    )
    source: str | None = Field(None, max_length=MAX_TEXT_LENGTH, description="Free text for the requestor.")

    def to_batch_request(self) -> BatchEnhancementRequestIn:
        """Return the batch request that asks for the same."""
        return BatchEnhancementRequestIn(**dict(self))


class EnhancementRequestRead(WireModel):
    """An enhancement request as its requestor sees it. Each answer has freshly signed URLs."""

    id: UUID4
    robot_id: UUID4
    reference_ids: list[UUID4] = Field(
        description=f"Empty if they are in an uploaded list that is not read yet, or has more than {MAX_REFERENCES:,}."
    )
    source: str | None = None
    request_status: EnhancementRequestStatus
    reference_data_url: OwnUrl | None = Field(
        None, description="Signed URL to read the references as JSON lines. For operators only."
    )
    result_storage_url: OwnUrl | None = Field(None, description="Always null. Each job has a URL of its own.")
    validation_result_url: OwnUrl | None = Field(
        None, description="Signed URL to read the report as JSON lines, once it exists."
    )
    error: str | None = Field(None, description="Why the request was rejected, failed, or was cancelled.")

    @classmethod
    def of(cls, batch: BatchEnhancementRequestRead) -> Self:
        """Return a batch request as an enhancement request."""
        return cls(
            id=batch.id,
            robot_id=batch.robot_id,
            reference_ids=batch.reference_ids or [],
            source=batch.source,
            request_status=EnhancementRequestStatus.of(batch.request_status),
            reference_data_url=batch.reference_data_url,
            validation_result_url=batch.validation_result_url,
            error=batch.error,
        )
