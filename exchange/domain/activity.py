"""The activity of a robot, as its recent batches show it."""

import math
from collections import Counter
from collections.abc import Sequence
from statistics import median

from exchange.contract.activity import RecentBatches, RobotActivity
from exchange.contract.base import to_time
from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Phase
from exchange.domain.counts import count_references


def summarize_activity(batches: Sequence[Batch], *, truncated: bool) -> RobotActivity:
    """Return the activity that these batches of one robot show. `truncated` says that there are more of them."""
    statuses = Counter(batch.status for batch in batches)
    counts = [counted for batch in batches if (counted := count_references(batch)) is not None]
    durations = sorted(
        round(batch.delivered_at - batch.accepted_at, 3)
        for batch in batches
        if batch.delivered_at is not None and batch.accepted_at is not None
    )
    seen = [time for batch in batches if (time := find_last_sign(batch)) is not None]
    return RobotActivity(
        last_30_days=RecentBatches(
            batches={status: statuses[status] for status in BatchStatus},
            references_enhanced=sum(counted.enhanced for counted in counts),
            references_failed=sum(counted.failed + counted.missing for counted in counts),
            median_seconds_to_deliver=median(durations) if durations else None,
            # The nearest rank: the shortest time that at least 95 percent do not exceed.
            p95_seconds_to_deliver=durations[math.ceil(len(durations) * 0.95) - 1] if durations else None,
            truncated=truncated,
        ),
        last_seen_at=to_time(max(seen)) if seen else None,
        waiting=sum(batch.phase in {Phase.RECEIVED, Phase.ACCEPTED} for batch in batches),
    )


def find_last_sign(batch: Batch) -> float | None:
    """Return when the robot last showed that it works. None if the batch has no sign of it.

    An answer that rejects the batch ends it, and so does a callback that reports an error.
    """
    ended_by_robot = batch.status is BatchStatus.REJECTED or batch.robot_error is not None
    times = (
        batch.accepted_at,
        batch.upload.last_modified if batch.upload else None,
        batch.delivered_at,
        batch.ended_at if ended_by_robot else None,
    )
    return max((time for time in times if time is not None), default=None)
