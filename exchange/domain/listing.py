"""The order of batches in a list, and which of them a list has."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.errors import InputRejected

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTINUATION = re.compile(r"(?P<sort_key>\d{18}-[0-9a-f]{32})-(?P<digest>[0-9a-f]{16})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilter:
    """Which batches to list. None and empty mean all. The two times are in microseconds and exclusive."""

    requestor: str | None = None
    statuses: tuple[BatchStatus, ...] = ()
    robot_id: UUID | None = None
    source: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def matches(self, batch: Batch) -> bool:
        """Return whether the list has this batch."""
        created_at = to_microseconds(batch.created_at)
        return (
            self.requestor in {None, batch.requestor}
            and (not self.statuses or batch.status in self.statuses)
            and self.robot_id in {None, batch.robot_id}
            and self.source in {None, batch.source}
            and (self.created_after is None or created_at > self.created_after)
            and (self.created_before is None or created_at < self.created_before)
            and self.metadata.items() <= (batch.metadata or {}).items()
        )


def to_microseconds(time: float | datetime) -> int:
    """Return a time in microseconds since the epoch. Times before 1970 count as 1970."""
    if isinstance(time, datetime):
        return max(0, (time - _EPOCH) // timedelta(microseconds=1))
    return int(time * 1e6)


def make_sort_key(batch: Batch) -> str:
    """Return a text by which batches are sorted: by their age, then by their id. It must never change."""
    return f"{format_microseconds(to_microseconds(batch.created_at))}-{batch.id.hex}"


def format_microseconds(time: int) -> str:
    """Return the beginning of the sort keys of this time."""
    return f"{time:018}"


def make_continuation(sort_key: str, batch_filter: BatchFilter) -> str:
    """Return a text that continues the list after this sort key. It belongs to the filter."""
    return f"{sort_key}-{_digest(batch_filter)}"


def parse_continuation(continuation: str, batch_filter: BatchFilter) -> str:
    """Return the sort key after which the list continues. Raises InputRejected if it belongs to another filter."""
    match = _CONTINUATION.fullmatch(continuation)
    if match is None or match["digest"] != _digest(batch_filter):
        raise InputRejected(
            "continuation must be that of the previous page, with the same filters. Read the list from its first page."
        )
    return match["sort_key"]


def _digest(batch_filter: BatchFilter) -> str:
    text = json.dumps(
        {**asdict(batch_filter), "statuses": sorted(set(batch_filter.statuses))}, sort_keys=True, default=str
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_metadata_term(key: str, value: str) -> str:
    """Return a short text for a pair of metadata, by which a store finds the batches that have it."""
    return hashlib.sha256(json.dumps([key, value]).encode()).hexdigest()[:32]
