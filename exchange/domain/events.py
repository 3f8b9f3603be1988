"""The events of a batch's lifecycle. Each may arrive twice, late, out of order, or never."""

from dataclasses import dataclass
from uuid import UUID

from exchange.domain.batch import Outcome, Progress, Upload, Validation
from exchange.domain.division import Division, PartOutcome, Range


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A dispatcher is about to call the robot for this attempt. `snapshot` is recorded unless the batch has one."""

    attempt: int
    snapshot: UUID


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The requestor is about to be told that the batch is registered."""


@dataclass(frozen=True, slots=True)
class IdsRead:
    """The list of references is read. `attempt` wrote `count` ids to the manifest.

    `selected` names the blob with those that are not skipped, if the request asked to skip some. `division` is None if
    they fit one job.
    """

    attempt: UUID
    count: int
    skipped: int
    selected: UUID | None
    division: Division | None


@dataclass(frozen=True, slots=True)
class IdsRefused:
    """The list of references cannot be used."""

    error: str


@dataclass(frozen=True, slots=True)
class RobotAccepted:
    """The robot answered the call with a 2xx status."""


@dataclass(frozen=True, slots=True)
class RobotRejected:
    """The robot answered call number `call` with a 3xx or 4xx status that is not retried.

    `upload` is the current upload, if there is one.
    """

    call: int
    http_status: int
    message: str
    upload: Upload | None


@dataclass(frozen=True, slots=True)
class RobotUnreachable:
    """Call number `call` of this attempt got no answer, or one that is retried (401, 403, 408, 429, 5xx).

    `upload` is the current upload, if there is one: then the robot has the batch although the call failed.
    `refused_signature` is True if the robot did not accept the signature of the exchange.
    """

    attempt: int
    call: int
    reason: str
    retry_after_s: float | None
    upload: Upload | None
    refused_signature: bool = False


@dataclass(frozen=True, slots=True)
class ValidationStarted:
    """A run is about to validate the upload. `current_upload` is what the result blob holds now.

    `starts_import` is True if the run is an importer.
    """

    holder: UUID
    current_upload: Upload | None
    starts_import: bool = False


@dataclass(frozen=True, slots=True)
class WorkContinued:
    """Long work is still running, but has no progress to record yet."""


@dataclass(frozen=True, slots=True)
class ValidationAborted:
    """The run that claimed a validation ended with an error."""

    holder: UUID


@dataclass(frozen=True, slots=True)
class ValidationFinished:
    """A validation has finished. `current_upload` is what the result blob holds now.

    `starts_import` is True if an importer made the validation. It continues with the import, without another message.
    """

    validation: Validation
    current_upload: Upload | None
    starts_import: bool = False


@dataclass(frozen=True, slots=True)
class CallbackSucceeded:
    """The robot called back: its result is uploaded. `current_upload` is what the result blob holds now."""

    current_upload: Upload | None


@dataclass(frozen=True, slots=True)
class CallbackFailed:
    """The robot called back: the whole batch failed, with the robot's message."""

    message: str


@dataclass(frozen=True, slots=True)
class ImportStarted:
    """An importer is about to start. `current_upload` is what the result blob holds now."""

    current_upload: Upload | None


@dataclass(frozen=True, slots=True)
class ChunkImported:
    """The chunk after the recorded progress is completely stored."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """The last chunk is stored, and this attempt wrote the report. `outcome` has the counts of the report.

    It is None for a batch request in parts, whose counts are the sums of the parts.
    """

    attempt: UUID
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """The requestor or an operator cancelled the batch."""

    reason: str | None


@dataclass(frozen=True, slots=True)
class PartMade:
    """The part with this number exists. It has these references."""

    number: int
    range: Range


@dataclass(frozen=True, slots=True)
class PartAccepted:
    """The robot accepted a part of the batch request."""


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The part with this number has ended."""

    number: int
    outcome: PartOutcome


@dataclass(frozen=True, slots=True)
class LeaseRenewed:
    """The robot that fetched the part asks for it until this time, in seconds since the epoch."""

    until: float


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """Another fetch takes the references of the part. `current_upload` is what its result blob holds now."""

    current_upload: Upload | None


@dataclass(frozen=True, slots=True)
class Retried:
    """A new batch requests the references that this one did not enhance."""

    batch_id: UUID


@dataclass(frozen=True, slots=True)
class EndNotified:
    """For each webhook that receives the end of the batch, a delivery exists. The end of a part is recorded."""


@dataclass(frozen=True, slots=True)
class Swept:
    """The sweep looked at the batch. `current_upload` is what the result blob holds now.

    `upload_known` is False if the result blob could not be read.
    """

    current_upload: Upload | None
    upload_known: bool = True


Event = (
    CallStarted
    | Confirmed
    | IdsRead
    | IdsRefused
    | RobotAccepted
    | RobotRejected
    | RobotUnreachable
    | ValidationStarted
    | WorkContinued
    | ValidationAborted
    | ValidationFinished
    | CallbackSucceeded
    | CallbackFailed
    | ImportStarted
    | ChunkImported
    | ReportWritten
    | CancelRequested
    | PartMade
    | PartAccepted
    | PartEnded
    | LeaseRenewed
    | LeaseTaken
    | Retried
    | EndNotified
    | Swept
)
