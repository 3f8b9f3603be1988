"""The state of one batch request. Only the transitions of `lifecycle` change it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import EntryKind
from exchange.domain.division import Division, Lease, Part
from exchange.domain.id_list import IdList


class Phase(StrEnum):
    """The state of a batch in the lifecycle's state machine.

    A phase is finer than the status on the wire: the status `importing` is two phases, and the four final statuses are
    one.
    """

    READING = "reading"
    """Registered. The list of references is being read from the requestor's file."""
    RECEIVED = "received"
    """Registered. The robot has not accepted the batch yet."""
    ACCEPTED = "accepted"
    """The robot has the batch and works on it."""
    DELIVERED = "delivered"
    """The robot called back, or the sweep treats its upload as delivered. The import has not started yet."""
    IMPORTING = "importing"
    """The accepted entries of one validation are being imported. Later uploads no longer count."""
    DIVIDED = "divided"
    """A batch request in parts: robots work on them. Each part has a lifecycle of its own, from its first phase on."""
    REPORTING = "reporting"
    """All parts have ended. Their reports are being put together."""
    ENDED = "ended"
    """Nothing changes the batch any more, except which batch retries it and whether its webhooks are to be notified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """The robot's result blob at one moment. `last_modified` is in seconds since the epoch, by Blob Storage's clock.

    `fault` is a sentence that describes why the blob cannot be a result, whatever its content is.
    """

    etag: str
    last_modified: float
    size: int
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The result of validating the upload with this ETag. `attempt` names the blobs that hold the details.

    `entries` counts the non-blank lines of the file, `accepted` the entries to import, and `missing` the references
    that no entry names. `failed` counts the references that entries name, but no accepted one. `kinds` counts the
    entries by kind; it is None if an older version made the validation. `hidden` counts the accepted enhancements that
    are hidden; it is None if an older version wrote the accepted entries, in its own form. `fault` describes what is
    wrong with the file as a whole, and is the error of the batch if nothing is added.
    """

    attempt: UUID
    etag: str
    entries: int
    accepted: int
    missing: int
    failed: int = 0
    kinds: dict[EntryKind, int] | None = None
    hidden: int | None = None
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

    `last_entry` is the number of the last entry in these chunks. `enhanced` counts the references whose first accepted
    entry is added. `refused_chunks` lists the end offsets of the chunks with entries that the store refused.
    """

    chunks: int = 0
    offset: int = 0
    last_entry: int = 0
    added: int = 0
    refused: int = 0
    enhanced: int = 0
    refused_chunks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The exact counts of a finished import, which the report is made with.

    `enhanced` counts the references that at least one entry was added for, `cancelled` the others with an entry that
    was not added because the batch was cancelled.
    """

    enhanced: int
    cancelled: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch request, or one part of it. `requestor` is the `id` of the user who requested it.

    Times are seconds since the epoch. `due_at` is the next time at which the sweep looks at the batch; it is None once
    the batch has ended and its webhooks are notified. `trace` is the W3C `traceparent` of the span that created the
    batch; no decision depends on it. `robot_version` is the version that the robot had when the batch was requested.
    """

    id: UUID
    robot_id: UUID
    requestor: str
    source: str | None
    metadata: dict[str, str] | None = None
    reference_count: int
    created_at: float
    status: BatchStatus
    error: str | None = None
    error_code: ErrorCode | None = None
    # Everything happens but the import.
    test_run: bool = False
    due_at: float | None = None
    trace: str | None = None
    robot_version: str | None = None

    # References that this version of the robot has enhanced already. `selected` names the blob with the other ones.
    skipped_count: int = 0
    selected: UUID | None = None

    # The file with the list of references, if they are not in the request. The counts are 0 until it is read.
    id_list: IdList | None = None
    # The digest of a request with an idempotency key.
    fingerprint: str | None = None
    # The attempt that wrote the manifest, if the id of the batch is derived or its list of references was read.
    manifest: UUID | None = None
    # Whether the batch may still be withdrawn, because nobody was told that it is registered. A batch whose id is not
    # derived is never seen by another request, and is withdrawn only by its own.
    unconfirmed: bool = False
    # The batch that this one retries, and the one that retries this one.
    retry_of: UUID | None = None
    retried_as: UUID | None = None

    # A batch request in parts has a division. A part says of which batch request, and has a lease if it was fetched.
    division: Division | None = None
    part: Part | None = None
    lease: Lease | None = None

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
    validations_started: int = 0
    validation: Validation | None = None
    delivered_at: float | None = None
    robot_error: str | None = None

    # Import.
    import_started: bool = False
    progress: Progress = field(default_factory=Progress)
    report: UUID | None = None
    outcome: Outcome | None = None

    # Cancellation. An import that has started ends after `last_chunk` chunks: the one that may be in progress.
    cancel_requested_at: float | None = None
    cancel_reason: str | None = None
    last_chunk: int | None = None

    # For the sweep: `worked_at` is the last sign of work; `resends` counts messages resent since the last progress.
    worked_at: float | None = None
    resent_at: float | None = None
    resends: int = 0
    ended_at: float | None = None

    # Whether webhooks of the requestor are still to be notified of the end.
    notify_due: bool = False

    @property
    def phase(self) -> Phase:
        """The phase, derived from the status and from what has been done."""
        return find_phase(
            self.status,
            import_started=self.import_started,
            in_parts=self.division is not None,
            is_reading=self.id_list is not None and self.id_list.read_at is None,
        )

    @property
    def known_at(self) -> float:
        """When it was known which references are requested."""
        return self.created_at if self.id_list is None else self.id_list.read_at or self.created_at

    @property
    def request_id(self) -> UUID:
        """The id of the batch request: that of the batch, or the one that a part belongs to."""
        return self.id if self.part is None else self.part.of

    @property
    def registration(self) -> UUID:
        """An id that no other registration has. Several can have the same derived id, if the earlier are withdrawn."""
        return self.manifest or self.id

    @property
    def selected_count(self) -> int:
        """The number of references that the robot is asked to enhance."""
        return self.reference_count - self.skipped_count

    @property
    def may_make_parts(self) -> bool:
        """Whether references are left for another part."""
        if self.division is None or self.cancel_requested_at is not None or self.division.given_up:
            return False
        return self.division.count_left(self.selected_count) > 0

    @property
    def available_at(self) -> float | None:
        """Since when, or from when on, a robot may fetch references of this batch. None if there are none to fetch.

        Robots fetch from the batch request that waited longest, so a small one does not wait for the end of a huge one.
        """
        if self.phase is Phase.ACCEPTED and self.lease is not None:
            return self.lease.until
        if self.phase is Phase.DIVIDED and self.division and self.division.size is None and self.may_make_parts:
            return self.division.served_at or self.created_at
        return None

    @property
    def ended(self) -> bool:
        """Whether the batch has reached a final status."""
        return self.phase is Phase.ENDED

    @property
    def import_is_cancelled(self) -> bool:
        """Whether no further chunk may be imported."""
        return self.last_chunk is not None and self.progress.chunks >= self.last_chunk

    @property
    def waiting_for(self) -> str | None:
        """What the robot has to do next: be reachable after a call that failed, or fetch what no process works on."""
        if self.phase is Phase.DIVIDED and self.division and self.available_at and not self.division.open_parts:
            return "The robot has to fetch what is left." if self.division.made else "The robot has not fetched it yet."
        if self.phase is not Phase.RECEIVED or self.unreachable_reason is None:
            return None
        next_call = datetime.fromtimestamp(self.attempt_due_at, UTC)
        return f"The robot cannot be reached: {self.unreachable_reason}. Next call at {next_call:%H:%M:%S} UTC."

    def validation_of(self, upload: Upload | None) -> Validation | None:
        """Return the recorded validation if it is the validation of this upload."""
        matches = self.validation and upload and self.validation.etag == upload.etag
        return self.validation if matches else None


def get_part(batch: Batch) -> Part:
    """Return what makes this batch a part of a batch request."""
    if batch.part is None:
        msg = f"batch {batch.id} is not a part"
        raise AssertionError(msg)
    return batch.part


def find_phase(status: BatchStatus, *, import_started: bool, in_parts: bool, is_reading: bool) -> Phase:
    """Return the phase of a batch with this status."""
    if is_reading:
        return Phase.READING if status is BatchStatus.RECEIVED else Phase.ENDED
    if in_parts:
        return _PHASES_IN_PARTS.get(status, Phase.ENDED)
    if status is BatchStatus.IMPORTING:
        return Phase.IMPORTING if import_started else Phase.DELIVERED
    return _PHASES.get(status, Phase.ENDED)


_PHASES = {BatchStatus.RECEIVED: Phase.RECEIVED, BatchStatus.ACCEPTED: Phase.ACCEPTED}
_PHASES_IN_PARTS = {
    BatchStatus.RECEIVED: Phase.DIVIDED,
    BatchStatus.ACCEPTED: Phase.DIVIDED,
    BatchStatus.IMPORTING: Phase.REPORTING,
}
