"""Checks of the parts of batch requests, with each write: who has which references, and until when."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from exchange.contract.batches import ErrorCode
from exchange.domain.batch import Batch
from exchange.domain.division import Range, derive_part_id
from exchange.domain.limits import Limits
from exchange.ports import StoredBatch

# Longer than it takes from the look at the result blob to the write that depends on it, also if both calls stall.
_OBSERVATION_S = 430.0


class PartChecks:
    """The checks of one run. Each of them raises AssertionError."""

    def __init__(self, items: Mapping[UUID, StoredBatch], limits: Limits) -> None:
        self._items = items
        self._limits = limits
        # Until when the robot was told that it has a part. It may have another one that it was not told of.
        self._told: dict[UUID, float] = {}
        self._made_after_cancellation: set[UUID] = set()
        # The parts that a robot was given.
        self.given: set[UUID] = set()

    def record_creation(self, part: Batch, now: float) -> None:
        """Check that no open part has a reference of the new part, and that not too many parts are open."""
        if part.part is None:
            return
        others = [item for item in self._list_parts(part.part.of) if item.id != part.id]
        for other in others:
            if not (other.part and overlap(other.part.range, part.part.range)):
                continue
            assert other.ended, "references are in two open parts at once"
            assert other.lease is None or other.lease.until <= now, "references are in two parts with valid leases"
            assert self._told.get(other.id, 0.0) <= now, "references were taken although a robot has a valid lease"
        if part.lease is None:
            open_parts = sum(not other.ended for other in others)
            assert open_parts < self._limits.open_parts_limit, "too many parts are open at once"
        request = self._items.get(part.part.of)
        if request is not None and request.batch.cancel_requested_at is not None:
            self._made_after_cancellation.add(part.id)

    def record_fetch(self, part: Batch) -> None:
        """Check what a fetch returns."""
        assert part.lease is not None, "a robot fetched a part without a lease"
        self._told.setdefault(part.id, part.lease.until)
        assert part.id not in self.given, "two fetches returned the same part"
        self._record_given(part.id)

    def record_call(self, batch_id: UUID) -> None:
        """Check the job that is sent to a robot."""
        self._record_given(batch_id)

    def _record_given(self, batch_id: UUID) -> None:
        self.given.add(batch_id)
        part = self._items[batch_id].batch.part
        if part is None:
            return
        division = self._items[part.of].batch.division
        assert division is not None, "a robot got a part of a batch request that is not in parts"
        assert part.number <= division.made, "a robot got a part that its batch request does not know"
        assert batch_id not in self._made_after_cancellation, "a robot got a part that was made after the cancellation"

    def record_renewal(self, part_id: UUID, until: float, *, was_expired: bool) -> None:
        """Record that a robot was told that its lease is renewed, and whether it was expired before the request."""
        assert not was_expired, "an expired lease was renewed"
        if self._told.get(part_id, 0.0) > 0.0:
            self._told[part_id] = until

    def record_return(self, part_id: UUID) -> None:
        """Record that a robot gives a part back."""
        self._told[part_id] = 0.0

    def record_write(self, before: Batch, after: Batch, now: float, uploaded_at: Sequence[float]) -> None:
        """Check a write of a part or of a batch request in parts. The last argument has the times of its uploads."""
        if after.division is not None:
            self._check_request(before, after)
        if after.part is None or before.part is None or before.lease is None:
            return
        assert after.lease is not None, "a lease was removed"
        if not before.lease.given_back:
            assert after.lease.given_back or before.lease.until <= after.lease.until, "a lease became shorter"
        if before.part.returned or not after.part.returned:
            return
        assert before.lease.until <= now, "a part was taken from its robot before the end of its lease"
        assert self._told.get(after.id, 0.0) <= now, "a part was taken although its robot was told that it has it"
        assert not uploaded_at or min(uploaded_at) >= now - _OBSERVATION_S, "a part was taken although it has a result"

    def _check_request(self, before: Batch, after: Batch) -> None:
        old, new = before.division, after.division
        assert old is not None, "a batch was put in parts after its registration"
        assert new is not None
        assert old.made <= new.made <= old.made + 1, "parts were forgotten, or recorded that were not made"
        assert old.next_start <= new.next_start, "references that were in a part are left again"
        if old.made < new.made:
            assert derive_part_id(after.registration, new.made) in self._items, "a part is recorded that does not exist"
        for number in range(1, new.made + 1):
            assert old.has_ended(number) <= new.has_ended(number), "the end of a part was forgotten"
            if new.has_ended(number) > old.has_ended(number):
                part = self._items[derive_part_id(after.registration, number)].batch
                assert part.ended, "a part counts as ended that has not ended"

    def record_import(self, enhancement: Any) -> None:
        """Check that an enhancement that a part adds does not come after the end of its batch request."""
        label: str = enhancement["content"]["annotations"][0]["label"]
        job = self._items[UUID(label[:36])].batch
        if job.part is not None and job.error_code is not ErrorCode.IMPORT_STALLED:
            assert not self._items[job.part.of].batch.ended, (
                "an enhancement was added after the end of its batch request"
            )

    def _list_parts(self, request_id: UUID) -> list[Batch]:
        batches = (stored.batch for stored in self._items.values())
        return [batch for batch in batches if batch.part is not None and batch.part.of == request_id]


def overlap(first: Range, second: Range) -> bool:
    """Return whether a reference is in both ranges."""
    return first.start < second.start + second.count and second.start < first.start + first.count
