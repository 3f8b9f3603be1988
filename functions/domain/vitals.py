"""How the exchange is, at a glance."""

from collections.abc import Mapping
from dataclasses import dataclass

from functions.contract.batches import BatchStatus

OPEN = (BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What an operator looks at first; `unfinished` has every status that a batch may have before it ends.

    `oldest_s` is the age of the oldest batch that has not ended, 0 if there is none. `poisoned` counts blob events
    that failed at each try, `undelivered` what Event Grid could not deliver; None is what could not be counted.
    """

    unfinished: Mapping[BatchStatus, int]
    oldest_s: float
    poisoned: int | None = None
    undelivered: int | None = None

    def __str__(self) -> str:
        by_status = ", ".join(f"{status} {count}" for status, count in self.unfinished.items())
        poisoned, undelivered = ("?" if count is None else count for count in (self.poisoned, self.undelivered))
        return (
            f"{sum(self.unfinished.values())} open ({by_status}), the oldest for {self.oldest_s:.0f} s, "
            f"{poisoned} poisoned, {undelivered} events undelivered"
        )
