"""Everything that can happen to a batch, and everything that can be due after it."""

from dataclasses import dataclass
from uuid import UUID

from functions.domain.batch import Progress, Upload, Validation


@dataclass(frozen=True, slots=True)
class CallBegun:
    """A dispatcher is about to call the robot for this attempt, with this snapshot unless one is recorded."""

    attempt: int
    snapshot: UUID


@dataclass(frozen=True, slots=True)
class RobotTook:
    """The robot answered with a success."""


@dataclass(frozen=True, slots=True)
class RobotRefused:
    """The robot refused call number `call`, in these words; `upload` is what stands in its result blob."""

    call: int
    http_status: int
    words: str
    upload: Upload | None


@dataclass(frozen=True, slots=True)
class RobotOutOfReach:
    """Call number `call`, of this attempt, got no answer that settles it; `upload` stands in its result blob."""

    attempt: int
    call: int
    reason: str
    retry_after_s: float | None
    upload: Upload | None


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A result file stands."""

    upload: Upload


@dataclass(frozen=True, slots=True)
class Worked:
    """A validation or an import is still at work, but has nothing to record yet."""


@dataclass(frozen=True, slots=True)
class Validated:
    """A validation ended; `standing` is what stands in the result blob now."""

    validation: Validation
    standing: Upload | None


@dataclass(frozen=True, slots=True)
class ReportedSuccess:
    """The robot called back: its result is in the blob; `standing` is what was found there."""

    standing: Upload | None


@dataclass(frozen=True, slots=True)
class ReportedError:
    """The robot called back: the whole batch failed, in these words."""

    words: str


@dataclass(frozen=True, slots=True)
class ImportBegun:
    """An importer is about to begin; `standing` is what stands in the result blob now."""

    standing: Upload | None


@dataclass(frozen=True, slots=True)
class WindowImported:
    """The window after those of the recorded progress is wholly stored."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class ReportWritten:
    """The last window is stored, and this attempt wrote the report."""

    attempt: UUID


@dataclass(frozen=True, slots=True)
class Swept:
    """The sweep looked; `standing` is what stands in the result blob now, if it could be looked at (`seen`)."""

    standing: Upload | None
    seen: bool = True


Event = (
    CallBegun
    | RobotTook
    | RobotRefused
    | RobotOutOfReach
    | Uploaded
    | Worked
    | Validated
    | ReportedSuccess
    | ReportedError
    | ImportBegun
    | WindowImported
    | ReportWritten
    | Swept
)


@dataclass(frozen=True, slots=True)
class SendDispatch:
    """Put an order on the queue `dispatch`, to be delivered at `at` (seconds since the epoch), at once if None."""

    batch_id: UUID
    attempt: int
    at: float | None = None


@dataclass(frozen=True, slots=True)
class SendImport:
    """Put an order on the queue `import`."""

    batch_id: UUID


Due = SendDispatch | SendImport
