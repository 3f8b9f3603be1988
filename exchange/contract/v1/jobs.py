"""Jobs that robots fetch, lease and deliver. The SDK calls a job a robot enhancement batch."""

import re
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import UUID4, AwareDatetime, BeforeValidator, Field, RootModel, WithJsonSchema

from exchange.contract.base import OwnUrl, WireModel
from exchange.contract.batches import BatchEnhancementRequestRead
from exchange.contract.robots import BatchRobotResult, RobotError

# A fetch that asks for more gets this many, as in the reference repository.
MAX_FETCHED_REFERENCES = 10_000
DEFAULT_LEASE = timedelta(minutes=10)
# A robot that needs longer renews its lease. A longer one would keep the references of a robot that died.
MAX_LEASE = timedelta(hours=24)

# Years and months have no fixed length, and weeks are longer than any lease.
_DURATION = r"^P([0-9]{1,3}D)?(T([0-9]{1,5}H)?([0-9]{1,5}M)?([0-9]{1,6}(\.[0-9]{1,6})?S)?)?$"


def _check_duration(value: object) -> object:
    """Accept ISO 8601 only. The parser would also accept numbers and `HH:MM:SS`."""
    if isinstance(value, str) and (not re.fullmatch(_DURATION, value) or value[-1] in "PT"):
        raise ValueError("must be an ISO 8601 duration, for example PT10M")
    return value


Lease = Annotated[timedelta, BeforeValidator(_check_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})]
"""How long a lease lasts, as an ISO 8601 duration."""


class FetchQuery(WireModel):
    """Which job to fetch."""

    robot_id: UUID4 = Field(description="The robot that signs the request.")
    limit: int = Field(
        MAX_FETCHED_REFERENCES,
        ge=1,
        description=f"The maximum number of references in the job. Never more than {MAX_FETCHED_REFERENCES}.",
    )
    lease: Lease = Field(
        DEFAULT_LEASE,
        gt=timedelta(0),
        le=MAX_LEASE,
        description="How long the robot has the job, as an ISO 8601 duration of at most 24 hours.",
    )


class RenewalQuery(WireModel):
    """How long to renew a lease."""

    lease: Lease = Field(
        DEFAULT_LEASE,
        ge=timedelta(0),
        le=MAX_LEASE,
        description="How long the robot has the job from now on, as an ISO 8601 duration of at most 24 hours. `PT0S` "
        "gives the job back.",
    )


class LeaseExpiry(RootModel[AwareDatetime]):
    """When the lease expires."""


class RobotEnhancementBatch(WireModel):
    """A job that a robot has fetched. Each answer has freshly signed URLs."""

    id: UUID4 = Field(description="The id of the job. The result names it as `request_id`.")
    reference_storage_url: OwnUrl = Field(description="Signed URL to read the references: one `Reference` per line.")
    result_storage_url: OwnUrl = Field(
        description="Signed URL to upload the result file: one `BatchEnhancementResultEntry` per line."
    )
    extra_fields: dict[str, Any] | None = Field(None, description="Always null at present.")

    @classmethod
    def of(cls, batch: BatchEnhancementRequestRead) -> Self | None:
        """Return a batch that its robot reads as a job. None if it has ended: then no result can be uploaded."""
        if batch.reference_data_url is None or batch.result_storage_url is None:
            return None
        return cls(
            id=batch.id,
            reference_storage_url=batch.reference_data_url,
            result_storage_url=batch.result_storage_url,
        )


class RobotEnhancementBatchResult(WireModel):
    """The result of a job: the result file is uploaded (`error` is null), or the whole job failed."""

    request_id: UUID4 = Field(description="The `id` of the job.")
    error: RobotError | None = Field(None, description="Set only if the whole job failed. Nothing is imported then.")

    def to_callback(self) -> BatchRobotResult:
        """Return the callback that says the same."""
        return BatchRobotResult(request_id=self.request_id, error=self.error)


class RobotEnhancementBatchRead(WireModel):
    """A job as its robot sees it after it has delivered the result."""

    id: UUID4
    robot_id: UUID4
    source: str | None = None
    reference_data_url: OwnUrl | None = Field(None, description="Signed URL to read the references as JSON lines.")
    result_storage_url: OwnUrl | None = Field(
        None, description="Signed URL to upload the result file. Null once the job has ended."
    )
    validation_result_url: OwnUrl | None = Field(
        None, description="Signed URL to read the report as JSON lines, once it exists."
    )
    error: str | None = Field(None, description="Why the whole job failed.")

    @classmethod
    def of(cls, batch: BatchEnhancementRequestRead) -> Self:
        """Return a batch as a job."""
        return cls(
            id=batch.id,
            robot_id=batch.robot_id,
            source=batch.source,
            reference_data_url=batch.reference_data_url,
            result_storage_url=batch.result_storage_url,
            validation_result_url=batch.validation_result_url,
            error=batch.error,
        )
