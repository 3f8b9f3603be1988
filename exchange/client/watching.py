"""Which batch request is read next while several are watched, and when."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from exchange.client.call import Answer, Call
from exchange.contract.batches import BatchEnhancementRequestRead, BatchStatus
from exchange.domain.retry_after import parse_retry_after

ENDED = frozenset({BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED, BatchStatus.FAILED, BatchStatus.REJECTED})
# If an answer does not say when to read again.
_POLL_S = 5
_MAX_POLL_S = 60


@dataclass(frozen=True, slots=True)
class Polled:
    """The answer to a conditional read. `batch` is None if nothing has changed."""

    batch: BatchEnhancementRequestRead | None
    etag: str | None
    retry_after_s: float


def poll_batch(batch_id: UUID, etag: str | None) -> Call[Polled]:
    """Return the call that reads a batch request if it has changed since the answer with this ETag."""

    def read(answer: Answer) -> Polled:
        unchanged = answer.status == HTTPStatus.NOT_MODIFIED
        batch = None if unchanged else BatchEnhancementRequestRead.model_validate_json(answer.content)
        wait_s = parse_retry_after(answer.headers)
        retry_after_s = _POLL_S if wait_s is None else min(_MAX_POLL_S, wait_s)
        return Polled(batch, answer.headers.get("ETag", etag), retry_after_s)

    return Call(
        method="GET",
        path=f"/references/enhancement/batch/{batch_id}",
        read=read,
        query=[("include_reference_ids", "false")],
        headers={} if etag is None else {"If-None-Match": etag},
    )


class Watch:
    """Batch requests that are read until they have ended. One after the other, each as often as the exchange asks."""

    def __init__(self, batch_ids: Iterable[UUID]) -> None:
        self._due: dict[UUID, float] = dict.fromkeys(batch_ids, 0.0)
        self._etags: dict[UUID, str | None] = {}

    @property
    def open(self) -> bool:
        """Whether a batch request has not ended yet."""
        return bool(self._due)

    def choose_next(self) -> tuple[Call[Polled], UUID, float]:
        """Return the next call, its batch request, and the seconds to wait before the call."""
        batch_id = min(self._due, key=self._due.__getitem__)
        return poll_batch(batch_id, self._etags.get(batch_id)), batch_id, max(0, self._due[batch_id] - time.monotonic())

    def record(self, batch_id: UUID, polled: Polled) -> BatchEnhancementRequestRead | None:
        """Record an answer. Return the batch request if it has changed."""
        self._etags[batch_id] = polled.etag
        self._due[batch_id] = time.monotonic() + polled.retry_after_s
        if polled.batch is not None and polled.batch.request_status in ENDED:
            del self._due[batch_id]
        return polled.batch

    def postpone(self, batch_id: UUID) -> None:
        """Read this batch request again later, because the last call failed."""
        self._due[batch_id] = time.monotonic() + _POLL_S
