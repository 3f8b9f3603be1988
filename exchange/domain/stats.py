"""Counts and ages that operators look at first."""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.contract.batches import BatchStatus

OPEN_STATUSES = (BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """The state of the exchange at one moment. `open_batches` has a count for each status of `OPEN_STATUSES`.

    `oldest_age_s` is the age of the oldest open batch, 0 if there is none. `poison_queue_depth` counts blob events that
    failed at every attempt, `event_dead_letters` events that Event Grid could not deliver. None means not counted.
    """

    open_batches: Mapping[BatchStatus, int]
    oldest_age_s: float
    poison_queue_depth: int | None = None
    event_dead_letters: int | None = None

    def __str__(self) -> str:
        counts: dict[str, float | None] = {
            "open": sum(self.open_batches.values()),
            **{status.value: count for status, count in self.open_batches.items()},
            "oldest_age_s": round(self.oldest_age_s),
            "poison_queue_depth": self.poison_queue_depth,
            "event_dead_letters": self.event_dead_letters,
        }
        return " ".join(f"{name}={'unknown' if count is None else count}" for name, count in counts.items())
