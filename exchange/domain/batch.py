"""The state of one batch request. Only the transitions of `lifecycle` change it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from exchange.contract.batches import BatchStatus


class Phase(StrEnum):
    """The state of a batch in the lifecycle's state machine.

    A phase is finer than the status on the wire: the status `importing` is two phases, and the four final statuses are
    one.
    """

    RECEIVED = "received"
    """Registered. The robot has not accepted the batch yet."""
    ACCEPTED = "accepted"
    """The robot has the batch and works on it."""
    DELIVERED = "delivered"
    """The robot called back, or the sweep treats its upload as delivered. The import has not started yet."""
    IMPORTING = "importing"
    """The accepted entries of one validation are being imported. Later uploads no longer count."""
    ENDED = "ended"
    """Nothing changes the batch any more, except whether its webhooks are still to be notified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The robot's result blob at one moment. `last_modified` is in seconds since the epoch, by Blob Storage's clock."""

    etag: str
    last_modified: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The result of validating the upload with this ETag. `attempt` names the blobs that hold the details.

    `entries` counts the non-blank lines of the file, `accepted` the entries to import, and `missing` the references
    that no entry names. `fault` describes what is wrong with the file as a whole, and is the error of the batch if
    nothing is added.
    """

    attempt: UUID
    etag: str
    entries: int
    accepted: int
    missing: int
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationClaim:
    """The right to validate this upload. `holder` is the id of the run that has it.

    It expires when the batch has had no sign of work (`worked_at`) for some time.
    """

    holder: UUID
    upload: Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of an import: how many chunks are stored, and the byte offset of the next one in the accepted blob.

    `refused_chunks` lists the end offsets of the chunks with entries that the store refused.
    """

    chunks: int = 0
    offset: int = 0
    added: int = 0
    refused: int = 0
    refused_chunks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch request. `requestor` is the `id` of the user who requested it.

    Times are seconds since the epoch. `due_at` is the next time at which the sweep looks at the batch; it is None once
    the batch has ended and its webhooks are notified. `trace` is the W3C `traceparent` of the span that created the
    batch; no decision depends on it.
    """

    id: UUID
    robot_id: UUID
    requestor: str
    source: str | None
    reference_count: int
    created_at: float
    status: BatchStatus
    error: str | None = None
    due_at: float | None = None
    trace: str | None = None

    # Dispatch: the attempt that is due and its time, and until when a call that has started may still be running.
    attempt: int = 1
    attempt_due_at: float
    calls_started: int = 0
    first_call_at: float | None = None
    call_until: float | None = None
    snapshot: UUID | None = None
    # Why the last call did not reach the robot.
    unreachable_reason: str | None = None
    accepted_at: float | None = None

    # Delivery: the last upload that was seen, the validation that is running, the one that counts, and the robot's
    # callback.
    upload: Upload | None = None
    validation_claim: ValidationClaim | None = None
    validation: Validation | None = None
    delivered_at: float | None = None
    robot_error: str | None = None

    # Import.
    import_started: bool = False
    progress: Progress = field(default_factory=Progress)
    report: UUID | None = None

    # For the sweep: `worked_at` is the last sign of work; `resends` counts messages resent since the last progress.
    worked_at: float | None = None
    resent_at: float | None = None
    resends: int = 0
    ended_at: float | None = None

    # Whether webhooks of the requestor are still to be notified of the end.
    notify_due: bool = False

    @property
    def phase(self) -> Phase:
        """The phase, derived from the status and from whether the import has started."""
        if self.status is BatchStatus.IMPORTING:
            return Phase.IMPORTING if self.import_started else Phase.DELIVERED
        return _PHASES.get(self.status, Phase.ENDED)

    @property
    def ended(self) -> bool:
        """Whether the batch has reached a final status."""
        return self.phase is Phase.ENDED

    @property
    def waiting_for(self) -> str | None:
        """What a batch in phase `received` waits for, if a call did not reach its robot."""
        if self.phase is not Phase.RECEIVED or self.unreachable_reason is None:
            return None
        next_call = datetime.fromtimestamp(self.attempt_due_at, UTC)
        return f"The robot cannot be reached: {self.unreachable_reason}. Next call at {next_call:%H:%M:%S} UTC."

    def validation_of(self, upload: Upload | None) -> Validation | None:
        """Return the recorded validation if it is the validation of this upload."""
        matches = self.validation and upload and self.validation.etag == upload.etag
        return self.validation if matches else None


_PHASES = {BatchStatus.RECEIVED: Phase.RECEIVED, BatchStatus.ACCEPTED: Phase.ACCEPTED}
