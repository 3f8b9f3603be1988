"""Counts and ages that operators look at first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from exchange.contract.batches import BatchStatus

OPEN_STATUSES = (BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The state of the exchange at one moment. `open_batches` has a count for each status of `OPEN_STATUSES`.

    `oldest_age_s` is the age of the oldest open batch that must end within a known time, and `longest_overdue_s` the
    time since the longest passed deadline. Both are 0 if there is none. `fetch_waits_s` is how long references have
    waited to be fetched, for each robot that should fetch some. `poison_queue_depth` counts blob events that failed at
    every attempt, `event_dead_letters` events that Event Grid could not deliver. None means not counted.
    """

    open_batches: Mapping[BatchStatus, int]
    oldest_age_s: float
    longest_overdue_s: float = 0.0
    fetch_waits_s: Mapping[UUID, float] = field(default_factory=dict)
    poison_queue_depth: int | None = None
    event_dead_letters: int | None = None

    def __str__(self) -> str:
        counts: dict[str, float | None] = {
            "open": sum(self.open_batches.values()),
            **{status.value: count for status, count in self.open_batches.items()},
            "oldest_age_s": round(self.oldest_age_s),
            "longest_overdue_s": round(self.longest_overdue_s),
            "longest_fetch_wait_s": round(max(self.fetch_waits_s.values(), default=0.0)),
            "poison_queue_depth": self.poison_queue_depth,
            "event_dead_letters": self.event_dead_letters,
        }
        return " ".join(f"{name}={'unknown' if count is None else count}" for name, count in counts.items())
