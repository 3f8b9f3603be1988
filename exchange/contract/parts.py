"""The parts of a batch request, as requestors see them."""

from datetime import datetime

from pydantic import UUID4, Field

from exchange.contract.base import WireModel
from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import ReferenceCounts


class BatchPartsQuery(WireModel):
    """Which parts to list. `continuation` is the value from the previous page."""

    limit: int = Field(100, ge=1, le=1_000, description="Maximum number of parts on the page.")
    continuation: int = Field(0, ge=0, le=10_000_000, description="The `continuation` of the previous page.")


class BatchPart(WireModel):
    """A part of a batch request: a job of its own, with the lifecycle of a batch request."""

    id: UUID4 = Field(description="The id of the job.")
    number: int = Field(description="The parts are numbered from 1 in the order in which they were made.")
    references: int = Field(description="The number of references.")
    request_status: BatchStatus
    counts: ReferenceCounts | None = None
    error: str | None = None
    error_code: ErrorCode | None = None
    returned: bool = Field(False, description="Whether its lease ended, so that its references go to another part.")
    leased_until: datetime | None = Field(None, description="When its lease ends. Null if the robot did not fetch it.")
    created_at: datetime
    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None


class BatchPartList(WireModel):
    """A page of the parts of a batch request. `continuation` requests the next page and is null on the last one."""

    parts: list[BatchPart]
    continuation: int | None = Field(None, description="Requests the next page. Null on the last page.")
