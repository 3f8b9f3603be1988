"""The facts kept of one batch request. What they mean and how they change is `lifecycle`'s."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from functions.contract.batches import BatchStatus


class Phase(StrEnum):
    """Where a batch stands, finer than its status: `importing` has a before and an after the pin."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REPORTED = "reported"
    PINNED = "pinned"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The result blob that stands at a moment. `last_modified` is in seconds since the epoch, by the store's clock."""

    etag: str
    last_modified: float
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What a validation of the upload with this ETag found, and the attempt whose blobs hold it.

    `entries` counts the file's non-blank lines, `accepted` those to import, `missing` the references that no
    parsed entry names. `fault` says why the file as a whole was not read.
    """

    attempt: UUID
    etag: str
    entries: int
    accepted: int
    missing: int
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the import got: whole windows stored, and where in the accepted blob the next one begins (bytes).

    `refused_windows` are those that the store refused something of, by where they end.
    """

    windows: int = 0
    offset: int = 0
    added: int = 0
    refused: int = 0
    refused_windows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch request. `requestor` is the `id` of the member who asked for it.

    Times are seconds since the epoch; `due_at` is None once it has ended. `trace` is where its trace began (W3C
    `traceparent`); nothing is decided by it.
    """

    id: UUID
    robot_id: UUID
    requestor: str
    source: str | None
    references: int
    created_at: float
    status: BatchStatus
    error: str | None = None
    due_at: float | None = None
    trace: str | None = None

    # Dispatch: which attempt is due and when, and until when a call that has begun may still be under way.
    attempt: int = 1
    attempt_due_at: float
    calls_begun: int = 0
    first_call_at: float | None = None
    call_until: float | None = None
    snapshot: UUID | None = None
    accepted_at: float | None = None

    # Delivery: the upload last seen, the validation that counts, the robot's word.
    upload: Upload | None = None
    validation: Validation | None = None
    reported_at: float | None = None
    robot_error: str | None = None

    # Import.
    pinned: bool = False
    progress: Progress = field(default_factory=Progress)
    report: UUID | None = None

    # What the sweep goes by: `worked_at` is the last sign of work, `nudges` counts sends since the last progress.
    worked_at: float | None = None
    nudged_at: float | None = None
    nudges: int = 0
    ended_at: float | None = None

    @property
    def phase(self) -> Phase:
        """Where the batch stands."""
        if self.status is BatchStatus.IMPORTING:
            return Phase.PINNED if self.pinned else Phase.REPORTED
        return _PHASES.get(self.status, Phase.ENDED)

    @property
    def ended(self) -> bool:
        """Whether nothing will change it any more."""
        return self.phase is Phase.ENDED

    def validated(self, upload: Upload | None) -> Validation | None:
        """Return the recorded validation if it is that of this upload."""
        matches = self.validation and upload and self.validation.etag == upload.etag
        return self.validation if matches else None


_PHASES = {BatchStatus.RECEIVED: Phase.RECEIVED, BatchStatus.ACCEPTED: Phase.ACCEPTED}
