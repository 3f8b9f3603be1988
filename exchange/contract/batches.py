"""Batch requests, as requestors and robots see them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import UUID4, ConfigDict, Field, model_validator

from exchange.contract.base import MAX_TEXT_LENGTH, OwnUrl, WireModel
from exchange.contract.metadata import Metadata
from exchange.contract.queries import QueryModel, QueryTime, Repeatable
from exchange.contract.reports import EntryCounts, ReferenceCounts

# A longer list is refused before its ids are validated.
MAX_REFERENCES = 100_000

_INCLUDE_REFERENCE_IDS = "Whether the answer has the ids of the references. Without them it is short and quick."


class BatchStatus(StrEnum):
    """The status of a batch request."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IMPORTING = "importing"
    COMPLETED = "completed"
    PARTIAL_FAILED = "partial_failed"
    FAILED = "failed"


class ErrorCode(StrEnum):
    """Why a batch request was rejected, failed, or ended early."""

    REFERENCES_INVALID = "references_invalid"
    """The uploaded list of references cannot be used."""
    ROBOT_REJECTED = "robot_rejected"
    """The robot refused the batch, or the signature of the exchange."""
    ROBOT_UNREACHABLE = "robot_unreachable"
    """No call reached the robot."""
    ROBOT_TIMEOUT = "robot_timeout"
    """The robot accepted the batch, but delivered no result in time. Or it did not fetch the batch in time."""
    ROBOT_ERROR = "robot_error"
    """The robot reported that the whole batch failed."""
    LEASE_EXPIRED = "lease_expired"
    """The robot fetched the references, but delivered no result before its lease expired."""
    RESULT_MISSING = "result_missing"
    """The result file was deleted before the import."""
    RESULT_UNREADABLE = "result_unreadable"
    """The result file cannot be read, or was refused as a whole."""
    NOTHING_USABLE = "nothing_usable"
    """No entry of the result could be added."""
    IMPORT_STALLED = "import_stalled"
    """The list of references could not be read, or the validation or the import could not be finished."""
    CANCELLED = "cancelled"
    """The requestor or an operator cancelled the batch request."""


class BatchEnhancementRequestIn(WireModel):
    """A request that a robot enhance these references."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["reference_ids"],
                    "properties": {"reference_ids": {"type": "array"}, "reference_ids_upload": {"type": "null"}},
                },
                {
                    "required": ["reference_ids_upload"],
                    "properties": {"reference_ids": {"type": "null"}, "reference_ids_upload": {"type": "string"}},
                },
            ]
        }
    )

    robot_id: UUID4 = Field(description="The robot that enhances the references.")
    # `register_batch` checks that the ids are unique, because it can name the repeated ones.
    reference_ids: list[UUID4] | None = Field(
        None,
        min_length=1,
        max_length=MAX_REFERENCES,
        # The first wrong id is enough. A hundred thousand descriptions of faults would hold up other requests.
        fail_fast=True,
        json_schema_extra={"uniqueItems": True},
        description="The references to enhance. Each id may occur once. Or give `reference_ids_upload`.",
    )
    reference_ids_upload: UUID4 | None = Field(
        None, description="The `id` of an uploaded list of the references to enhance, instead of `reference_ids`."
    )
    source: str | None = Field(
        None, max_length=MAX_TEXT_LENGTH, description="Free text for the requestor, for example the name of a review."
    )
    test_run: bool = Field(
        False,
        description="Have the robot work, validate and report its result, but import nothing.",
    )
    skip_enhanced: bool = Field(
        default=False,
        description="Whether to leave out references that already have an enhancement by this robot and its present "
        "version, or by any version of it if it has none.",
    )
    metadata: Metadata | None = Field(
        None,
        description="Names and values of your own: at most 16. The list of batch requests can be filtered by them.",
    )

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        if (self.reference_ids is None) == (self.reference_ids_upload is None):
            raise ValueError("exactly one of reference_ids and reference_ids_upload is required")
        return self


class BatchCancellationIn(WireModel):
    """Why a batch request is cancelled. The body may be left out."""

    reason: str | None = Field(None, max_length=256, description="Free text. It becomes part of `error`.")


class BatchEnhancementRequestQuery(WireModel):
    """What to do with a batch request."""

    dry_run: bool = Field(
        False, description="Only check the request. Nothing is created, and unknown references are not an error."
    )
    include_reference_ids: bool = Field(True, description=_INCLUDE_REFERENCE_IDS)


class BatchReadQuery(WireModel):
    """What to read of a batch request."""

    include_reference_ids: bool = Field(True, description=_INCLUDE_REFERENCE_IDS)


class BatchEnhancementRequestDryRun(WireModel):
    """What a batch request would find: how many of its references exist, and the ids of those that do not."""

    robot_id: UUID4
    requested: int = Field(description="The number of references in the request.")
    found: int = Field(description="The number of references that exist.")
    unknown: list[UUID4] = Field(description="The references that do not exist, in the order of the request.")
    skipped: int | None = Field(
        None,
        description="How many of the found references already have an enhancement by this robot and its present "
        "version, so that `skip_enhanced` leaves them out. Null if `skip_enhanced` is false.",
    )


class BatchRetryIn(WireModel):
    """How a batch request is retried. The body may be left out."""

    robot_id: UUID4 | None = Field(None, description="Another robot. Without it, the robot is the same.")


class BatchParts(WireModel):
    """How far a batch request is worked on in parts."""

    made: int = Field(description="The number of parts so far. A part whose lease expired is replaced by another one.")
    open: int = Field(description="The number of parts that have not ended.")
    left: int = Field(description="The number of references that are in no part yet, or came back from one.")


class BatchEnhancementRequestRead(WireModel):
    """A batch request as its requestor and its robot see it. Each answer has freshly signed URLs."""

    id: UUID4
    robot_id: UUID4
    reference_ids: list[UUID4] | None = Field(
        description=f"Null if the request asked for none, if there are more than {MAX_REFERENCES:,}, and until an "
        "uploaded list is read."
    )
    reference_ids_url: OwnUrl | None = Field(
        None,
        description="Signed URL to read the ids of an uploaded list, as a JSON array. Null until it is read.",
    )
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
    enhancements_url: OwnUrl | None = Field(
        None, description="Signed URL to read the added enhancements as JSON lines, with `line` as in the report."
    )
    error: str | None = Field(None, description="Why the batch request was rejected, failed, or was cancelled.")
    error_code: ErrorCode | None = Field(None, description="The kind of `error`, for programs.")
    counts: ReferenceCounts | None = Field(
        None, description="The references by state. Null only for batch requests of an older version."
    )
    entries: EntryCounts | None = Field(
        None, description="The entries of the result by kind. Null until the import starts."
    )
    test_run: bool = Field(False, description="Whether nothing is imported.")
    cancelled_at: datetime | None = Field(None, description="When the batch request was cancelled.")
    retry_of: UUID4 | None = Field(None, description="The batch request whose remaining references these are.")
    retried_as: UUID4 | None = Field(None, description="The batch request that retries this one.")
    metadata: Metadata | None = Field(None, description="As given in the request.")
    parts: BatchParts | None = Field(
        None, description="Null unless the batch request is worked on in parts, each a job of its own."
    )
    part_of: UUID4 | None = Field(None, description="The batch request that this is a part of.")
    waiting_for: str | None = Field(
        None, description="What the batch request waits for while its robot cannot be reached, or does not fetch it."
    )
    created_at: datetime | None = Field(None, description="When the batch request was registered.")
    accepted_at: datetime | None = Field(None, description="When the robot accepted or fetched the batch.")
    delivered_at: datetime | None = Field(
        None,
        description="When the robot called back, or when its upload was treated as delivered without a callback. For a "
        "batch request in parts: when the last part ended.",
    )
    ended_at: datetime | None = Field(None, description="When the batch request ended.")
    expires_at: datetime | None = Field(
        None,
        description="When the exchange ends the batch request by itself if nothing else happens. Progress postpones it."
        " Null once the batch request has ended, and while parts of it are open.",
    )
    trace_id: str | None = Field(
        None, description="The id under which the traces of the batch request are found. For operators only."
    )
    warnings: list[str] | None = Field(
        None, description="Fields of the request that were ignored. Part of the answer to the request only."
    )


class BatchListQuery(QueryModel):
    """Which batch requests to list. `continuation` is the value from the previous page.

    A parameter `metadata.<key>` lists the batch requests whose metadata has this key with this value.
    """

    PREFIXES: ClassVar[Mapping[str, str]] = {"metadata.": "metadata"}

    status: Annotated[list[BatchStatus], Repeatable] | None = Field(
        None, description="List batch requests with one of these statuses only."
    )
    robot_id: UUID4 | None = Field(None, description="List batch requests to this robot only.")
    source: str | None = Field(
        None, max_length=MAX_TEXT_LENGTH, description="List batch requests with exactly this source only."
    )
    created_after: QueryTime | None = Field(None, description="List batch requests created later than this only.")
    created_before: QueryTime | None = Field(None, description="List batch requests created earlier than this only.")
    metadata: Metadata | None = None
    limit: int = Field(50, ge=1, le=100, description="The maximum number of batch requests on a page.")
    continuation: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z_-]{1,200}$",
        description="The `continuation` of the previous page. The filters must be those of that page.",
    )


class BatchEnhancementRequestSummary(WireModel):
    """A batch request in a list: without the ids of its references and without URLs. `references` is their number."""

    id: UUID4
    robot_id: UUID4
    source: str | None = None
    request_status: BatchStatus
    error: str | None = None
    error_code: ErrorCode | None = None
    counts: ReferenceCounts | None = None
    references: int = Field(description="The number of references.")
    created_at: datetime
    ended_at: datetime | None = Field(None, description="Null until the batch request has ended.")
    retried_as: UUID4 | None = Field(None, description="The batch request that retries this one.")
    metadata: Metadata | None = Field(None, description="As given in the request.")


class BatchEnhancementRequestList(WireModel):
    """A page of batch requests, newest first. `continuation` requests the next page and is null on the last one."""

    batch_requests: list[BatchEnhancementRequestSummary]
    continuation: str | None = Field(None, description="Requests the next page. Null on the last page.")
