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
from exchange.domain.division import Division

# The phases of a batch request that its robot has not delivered. One in parts is delivered by its last part.
_NOT_DELIVERED = {Phase.RECEIVED, Phase.ACCEPTED, Phase.DIVIDED}


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
        waiting=sum(batch.phase in _NOT_DELIVERED for batch in batches),
        references_to_fetch=sum(map(_count_to_fetch, batches)),
    )


def find_last_sign(batch: Batch) -> float | None:
    """Return when the robot last showed that it works. None if the batch has no sign of it.

    An answer that rejects the batch ends it, and so does a callback that reports an error.
    """
    if batch.division is not None:
        return _find_last_sign_in_parts(batch, batch.division)
    ended_by_robot = batch.status is BatchStatus.REJECTED or batch.robot_error is not None
    times = (
        batch.accepted_at,
        batch.upload.last_modified if batch.upload else None,
        batch.delivered_at,
        batch.ended_at if ended_by_robot else None,
    )
    return max((time for time in times if time is not None), default=None)


def _find_last_sign_in_parts(batch: Batch, division: Division) -> float | None:
    """Return the last sign that the batch request knows: its parts know more, but are not read.

    Making a part is a sign only if the robot fetched it. The end of the last part is one only if all parts are
    completed: without the robot, none is.
    """
    is_delivered = division.totals.parts > 0 and division.totals.completed == division.totals.parts
    times = (
        batch.accepted_at,
        division.served_at if division.size is None else None,
        batch.delivered_at if is_delivered else None,
    )
    return max((time for time in times if time is not None), default=None)


def _count_to_fetch(batch: Batch) -> int:
    """Count the references of a batch request that wait until the robot fetches them."""
    if batch.division is None or batch.available_at is None:
        return 0
    return batch.division.count_left(batch.selected_count)
