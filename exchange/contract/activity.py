"""What a robot did lately."""

from pydantic import AwareDatetime, Field

from exchange.contract.base import WireModel
from exchange.contract.batches import BatchStatus


class RecentBatches(WireModel):
    """The batch requests of a robot in the last 30 days."""

    batches: dict[BatchStatus, int] = Field(description="The number of batch requests with each status.")
    references_enhanced: int = Field(description="The number of references that were enhanced.")
    references_failed: int = Field(
        description="The number of references that were not enhanced, in batch requests that have ended."
    )
    median_seconds_to_deliver: float | None = Field(
        description="The median time from acceptance to delivery. Null if nothing was delivered."
    )
    p95_seconds_to_deliver: float | None = Field(
        description="The time from acceptance to delivery within which 95 percent were delivered."
    )
    truncated: bool = Field(description="Whether there are more batch requests. Only the newest ones are counted.")


class RobotActivity(WireModel):
    """What a robot did lately, in the batch requests of all requestors."""

    last_30_days: RecentBatches
    last_seen_at: AwareDatetime | None = Field(
        description="The last sign of the robot in these batch requests: an acceptance, an upload, a callback, a "
        "rejection, or that it fetched references. Null if there is none."
    )
    waiting: int = Field(description="The number of open batch requests that the robot has not delivered.")
    references_to_fetch: int = Field(
        0, description="The number of references in these batch requests that wait until the robot fetches them."
    )
