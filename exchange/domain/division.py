"""Parts: a batch request that does not fit one job is worked on in parts. Each part is a batch with a lifecycle.

The references to enhance are a list. A part has a range of it. The batch request knows how far the list is cut into
parts, which ranges came back because a lease expired, which parts have ended, and the sums of what they did.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.robots import Delivery, Robot
from exchange.domain.errors import TooLarge
from exchange.domain.ids import derive_id
from exchange.domain.limits import Limits

# Twice as many as `parts_per_batch_limit` allows, because references may come back and go to another part. A robot that
# always gives its parts back must not make parts without end.
MAX_PARTS = 20_000
_UNANSWERED = {ErrorCode.ROBOT_UNREACHABLE, ErrorCode.ROBOT_TIMEOUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """`count` references of the list, from position `start`. `expiries` counts the leases on them that expired."""

    start: int
    count: int
    expiries: int = 0

    def cut(self, size: int) -> "Iterator[Range]":
        """Yield the range in pieces of this size. The last one may be smaller."""
        for start in range(self.start, self.start + self.count, size):
            yield Range(start=start, count=min(size, self.start + self.count - start))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What makes a batch a part of the batch request `of`. Parts are numbered from 1 in the order of their making.

    `holder` is the id of the run that made the part. `returned` is True once its references go to another part.
    """

    of: UUID
    number: int
    range: Range
    holder: UUID
    returned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The time, in seconds since the epoch, until which the robot that fetched a part has it for itself.

    `given_back` is True if the robot ended the lease. That does not count as an expiry.
    """

    until: float
    given_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOutcome:
    """What a part did, in numbers of references and of entries. `entries` has a count for each field of `EntryCounts`.

    `accepted_at` is when the robot accepted it. `returned` is the range that goes back to the batch request. Then the
    other fields do not count.
    """

    status: BatchStatus
    error: str | None = None
    error_code: ErrorCode | None = None
    enhanced: int = 0
    failed: int = 0
    missing: int = 0
    cancelled: int = 0
    added: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    accepted_at: float | None = None
    returned: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums over the parts that ended. `error` and `error_code` are those of the first part that failed as a whole.

    `completed`, `failed_parts` and `rejected` count parts. `failed_parts` includes the rejected ones.
    """

    enhanced: int = 0
    failed: int = 0
    missing: int = 0
    cancelled: int = 0
    added: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    completed: int = 0
    failed_parts: int = 0
    rejected: int = 0
    error: str | None = None
    error_code: ErrorCode | None = None

    def add(self, outcome: PartOutcome) -> "Totals":
        """Return the sums with one more part."""
        is_whole = outcome.status in {BatchStatus.FAILED, BatchStatus.REJECTED}
        is_first = is_whole and self.error_code is None and outcome.error_code is not ErrorCode.CANCELLED
        return Totals(
            enhanced=self.enhanced + outcome.enhanced,
            failed=self.failed + outcome.failed,
            missing=self.missing + outcome.missing,
            cancelled=self.cancelled + outcome.cancelled,
            added=self.added + outcome.added,
            entries=_add_counts(self.entries, outcome.entries),
            parts=self.parts + 1,
            completed=self.completed + (outcome.status is BatchStatus.COMPLETED),
            failed_parts=self.failed_parts + is_whole,
            rejected=self.rejected + (outcome.status is BatchStatus.REJECTED),
            error=outcome.error if is_first else self.error,
            error_code=outcome.error_code if is_first else self.error_code,
        )


def _add_counts(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in [*first, *(second.keys() - first.keys())]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """How far a batch request is worked on in parts.

    `size` is the number of references in a part. It is None if robots fetch the parts and choose their size. `made`
    counts the parts. References from position `next_start` on were never in a part. `returned` lists the ranges whose
    lease expired. `ended` has the numbers of the parts that ended, as pairs of the first and the last of a run.
    `served_at` is when the latest part was made. `given_up` is True once no further part will be made, because robots
    did not work on the last ones. If the exchange sends the parts, at most `window` are open at once. `unanswered`
    counts the last parts that ended because the robot did not take them or was silent.
    """

    size: int | None = None
    made: int = 0
    next_start: int = 0
    returned: tuple[Range, ...] = ()
    ended: tuple[tuple[int, int], ...] = ()
    totals: Totals = Totals()
    served_at: float | None = None
    given_up: bool = False
    window: int = 1
    unanswered: int = 0

    @property
    def open_parts(self) -> int:
        """The number of parts that have not ended."""
        return self.made - sum(last - first + 1 for first, last in self.ended)

    def has_ended(self, number: int) -> bool:
        """Return whether this part is recorded as ended."""
        return any(first <= number <= last for first, last in self.ended)

    def list_open(self) -> Iterator[int]:
        """Yield the numbers of the parts that have not ended."""
        return (number for number in range(1, self.made + 1) if not self.has_ended(number))

    def choose_range(self, total: int, limit: int) -> Range | None:
        """Return the references for the next part: at most `limit`. None if none are left of the `total` in the list.

        References that came back go first.
        """
        if self.returned:
            first = self.returned[0]
            return replace(first, count=min(first.count, limit))
        if self.next_start < total:
            return Range(start=self.next_start, count=min(limit, total - self.next_start))
        return None

    def count_left(self, total: int) -> int:
        """Count the references that are in no part, or came back from one."""
        return total - self.next_start + sum(item.count for item in self.returned)

    def list_left(self, total: int) -> list[Range]:
        """Return the ranges that are in no part, or came back from one."""
        never_cut = Range(start=self.next_start, count=total - self.next_start)
        return [*self.returned, *([never_cut] if never_cut.count else [])]

    def cut(self, taken: Range, now: float) -> "Division":
        """Return the division after its next part was made of this range."""
        returned, next_start = self.returned, self.next_start
        if taken.start >= next_start:
            next_start = taken.start + taken.count
        else:
            returned = tuple(_without(returned, taken))
        return replace(
            self,
            made=self.made + 1,
            next_start=next_start,
            returned=returned,
            served_at=now,
            given_up=self.given_up or self.made + 1 >= MAX_PARTS,
        )

    def end_part(self, number: int, outcome: PartOutcome) -> "Division":
        """Return the division after this part ended."""
        ended = tuple(_with_number(self.ended, number))
        if outcome.returned is not None:
            return replace(self, ended=ended, returned=(*self.returned, outcome.returned))
        unanswered = self.unanswered + 1 if outcome.error_code in _UNANSWERED else 0
        # All that were open at once came to nothing. The next ones would, too.
        given_up = self.given_up or (self.size is not None and unanswered >= self.window)
        totals = self.totals.add(outcome)
        return replace(self, ended=ended, totals=totals, unanswered=unanswered, given_up=given_up)


def find_smallest_size(references: int, parts_limit: int) -> int:
    """Return the smallest number of references in a part with which this many fit in `parts_limit` parts."""
    return -(-references // parts_limit)


def choose_division(robot: Robot, selected_count: int, limits: Limits) -> Division | None:
    """Return the division of a new batch request with this number of references. None if they fit one job.

    A robot that fetches its jobs always gets parts. Raises TooLarge if there would be too many.
    """
    size = min(robot.max_references or limits.references_per_part_limit, limits.references_per_part_limit)
    most = limits.parts_per_batch_limit * size
    if selected_count > most:
        raise TooLarge(
            f"The robot gets at most {size} references in one job. So a batch request to it may have at most {most} "
            "references."
        )
    if robot.delivery is Delivery.PULL:
        return Division()
    return Division(size=size, window=limits.open_parts_limit) if selected_count > size else None


def count_expiry(part: Part, lease: Lease) -> Range:
    """Return the range of a part with the expiry of its lease. One that was given back has not expired."""
    return replace(part.range, expiries=part.range.expiries + (not lease.given_back))


def derive_part_id(registration: UUID, number: int) -> UUID:
    """Return the id of a part. Because it is derived, only one run can make the part with this number.

    A batch request that was withdrawn and is registered again under its id has other parts. See `Batch.registration`.
    """
    return derive_id("part", registration, number)


def _without(ranges: tuple[Range, ...], taken: Range) -> Iterator[Range]:
    """Yield the ranges without the start of the one that `taken` was cut from."""
    for item in ranges:
        if item.start != taken.start:
            yield item
        elif item.count > taken.count:
            yield replace(item, start=item.start + taken.count, count=item.count - taken.count)


def _with_number(runs: tuple[tuple[int, int], ...], number: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of numbers in order, with one number more. Runs that touch become one."""
    first = last = number
    for run in sorted(runs):
        if run[1] < first - 1:
            yield run
        elif run[0] > last + 1:
            yield (first, last)
            first, last = run
        else:
            first, last = min(first, run[0]), max(last, run[1])
    yield (first, last)
