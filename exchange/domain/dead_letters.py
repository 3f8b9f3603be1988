"""Dead letters: messages and events that nothing processes any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from exchange.domain.blob_names import batch_of_result
from exchange.domain.errors import InputRejected


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter. `name` is unique in its queue. A value that the queue does not have is None."""

    name: str
    batch_ids: tuple[UUID, ...] = ()
    since: datetime | None = None
    attempts: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """The first dead letters of a queue, and whether there are more."""

    letters: Sequence[DeadLetter]
    truncated: bool


@dataclass(frozen=True, slots=True)
class ResendResult:
    """The result for one dead letter. If `fault` is set, it was not resent and stays in its queue."""

    name: str
    fault: str | None = None


def report_missing(names: Iterable[str]) -> list[ResendResult]:
    """Return the results for dead letters that were not found."""
    fault = "The dead letter does not exist, or another process is handling it."
    return [ResendResult(name, fault) for name in sorted(names)]


def find_batch_id(blob: str) -> UUID | None:
    """Return the batch of which the blob is the result. None if it is not a result."""
    try:
        return batch_of_result(blob)
    except InputRejected:
        return None
