"""Which process has claimed which validation, to check that no upload is validated twice at the same time."""

from dataclasses import dataclass
from uuid import UUID

from exchange.domain.batch import Batch
from tests.simulation.ports import Process, current_process


@dataclass(slots=True)
class Claim:
    """A claim that a process has written, with its last sign of work."""

    process: Process
    batch_id: UUID
    etag: str
    worked_at: float

    @property
    def is_running(self) -> bool:
        """Whether the process may still be validating."""
        return not (self.process.dead or self.process.ended)


class Claims:
    """The claims of one run. `validation_wait_s` is the time without a sign of work after which a claim expires."""

    def __init__(self, validation_wait_s: float) -> None:
        self._validation_wait_s = validation_wait_s
        self._claims: dict[UUID, Claim] = {}

    def record_write(self, before: Batch, after: Batch, now: float) -> None:
        """Record what a write of the current process does to the claims. Raises AssertionError."""
        old, new = before.validation_claim, after.validation_claim
        if old is not None and old != new and self._is_own(old.holder):
            # A claim that another process ends is kept, because its holder may still be running.
            del self._claims[old.holder]
        if new is not None and new == old:
            self._claims[new.holder].worked_at = after.worked_at or 0.0
        elif new is not None:
            claim = Claim(current_process.get(), after.id, new.upload.etag, after.worked_at or 0.0)
            assert not any(self._excludes(other, claim, now) for other in self._claims.values()), (
                "an upload is validated twice at the same time"
            )
            self._claims[new.holder] = claim

    def _is_own(self, holder: UUID) -> bool:
        return self._claims[holder].process is current_process.get()

    def _excludes(self, other: Claim, claim: Claim, now: float) -> bool:
        is_same_upload = (other.batch_id, other.etag) == (claim.batch_id, claim.etag)
        return is_same_upload and other.is_running and now < other.worked_at + self._validation_wait_s

    def check_read(self, batch_id: UUID, etag: str) -> None:
        """Check that the current process has claimed the validation of the upload that it reads."""
        own = [claim for claim in self._claims.values() if claim.process is current_process.get()]
        assert any((claim.batch_id, claim.etag) == (batch_id, etag) for claim in own), "an upload is read unclaimed"
