"""What became of the entries of a batch's result: the report, entry by entry and message by message."""

from enum import StrEnum

from pydantic import UUID4, Field

from exchange.contract.base import WireModel

# What identifies a page: an offset in the report.
_CONTINUATION = r"^[0-9]{1,15}$"


class EntryKind(StrEnum):
    """What became of a result entry, or of a reference that has none."""

    ADDED = "added"
    """The enhancement was added. In a draft report: it is accepted, and added unless the store refuses it."""
    ROBOT_ERROR = "robot_error"
    """The robot reported an error for the reference."""
    UNREADABLE = "unreadable"
    """The line is not JSON, or does not match the contract."""
    NOT_REQUESTED = "not_requested"
    """The entry names a reference that is not in the batch request."""
    DUPLICATE = "duplicate"
    """An earlier entry has the same content."""
    NOT_STORABLE = "not_storable"
    """The store cannot hold the enhancement."""
    CANCELLED = "cancelled"
    """The batch request was cancelled before the enhancement was added."""
    MISSING = "missing"
    """No entry names the reference."""


class ReferenceCounts(WireModel):
    """How many of the requested references are in which state. The states add up to `requested` at every moment.

    While the batch request runs, only `pending` gets smaller.
    """

    requested: int = Field(description="Zero until an uploaded list of references is read.")
    enhanced: int = Field(0, description="At least one enhancement was added. In a test run: it would be.")
    failed: int = Field(0, description="No enhancement was added, for a reason other than the following ones.")
    missing: int = Field(0, description="No entry of the result names the reference.")
    cancelled: int = Field(0, description="The batch request was cancelled before an enhancement was added.")
    skipped: int = Field(0, description="Not sent to the robot.")
    pending: int = Field(0, description="Not known yet.")


class EntryCounts(WireModel):
    """What became of the entries of the result. The kinds add up to `total`.

    After `import_stalled`, `pending` counts the entries of which it is not known whether they were added.
    """

    total: int
    added: int = 0
    robot_error: int = 0
    unreadable: int = 0
    not_requested: int = 0
    duplicate: int = 0
    not_storable: int = 0
    pending: int = 0
    cancelled: int = 0


class BatchEntriesQuery(WireModel):
    """Which entries to list. `continuation` is the value from the previous page."""

    kind: EntryKind | None = Field(None, description="List entries of this kind only.")
    reference_id: UUID4 | None = Field(None, description="List entries of this reference only.")
    limit: int = Field(100, ge=1, le=1_000, description="Maximum number of entries on the page.")
    continuation: str | None = Field(
        None, pattern=_CONTINUATION, description="The `continuation` of the previous page."
    )


class BatchEntry(WireModel):
    """What became of one entry of the result, or of a reference that has none."""

    line: int | None = Field(description="Number of the non-blank line in the result file, from 1. Null if missing.")
    reference_id: UUID4 | None = Field(description="Null if the entry names no requested reference.")
    kind: EntryKind
    message: str = Field(description="The sentence of the report.")


class BatchEntries(WireModel):
    """A page of entries, in the order of the result file, followed by the missing references.

    A page may have fewer entries than the limit although others follow, even none: a filter reads a bounded part of the
    report at once. Only a null `continuation` means that nothing follows.
    """

    entries: list[BatchEntry]
    continuation: str | None = Field(None, description="Requests the next page. Null on the last page.")


class BatchError(WireModel):
    """A message of the report, how many entries have it, and some of their references."""

    kind: EntryKind
    message: str
    count: int
    examples: list[UUID4] = Field(description="Up to five references that have this message.")


class BatchErrors(WireModel):
    """The messages of the report, most frequent first, without those of added enhancements."""

    errors: list[BatchError]
    truncated: bool = Field(False, description="Whether the report has more different messages than are listed.")
