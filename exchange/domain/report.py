"""The report: one line for each result entry and for each missing reference."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from exchange.contract.reports import EntryKind
from exchange.domain.batch import Batch, Outcome
from exchange.domain.chunks import Refusal
from exchange.domain.counts import count_unimported
from exchange.domain.error_counter import ErrorCounter

MAX_MESSAGE_LENGTH = 2_000
_MAX_SEARCHED = 32 * MAX_MESSAGE_LENGTH


# Entries of these kinds are rejected: they give neither an enhancement nor a reason for a requested reference.
REJECTED = frozenset({EntryKind.UNREADABLE, EntryKind.NOT_REQUESTED, EntryKind.DUPLICATE})

_ADDED_MESSAGE = "Enhancement added."
_TEST_RUN_MESSAGE = "Enhancement would be added."
_MESSAGES = {
    EntryKind.ROBOT_ERROR: "The robot reported: {}",
    EntryKind.UNREADABLE: "Could not be read: {}",
    EntryKind.NOT_REQUESTED: "Not one of the references of this batch request.",
    EntryKind.DUPLICATE: "Same content as an earlier entry. It was not added again.",
    EntryKind.NOT_STORABLE: "Could not be stored: {}",
    EntryKind.CANCELLED: "Not added: the batch request was cancelled.",
    EntryKind.MISSING: "Missing from the robot's result.",
}

# Control characters, line and paragraph separators, and characters that change the direction of the text after them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# Robots quote what they were sent. A signed URL must not reach anyone else, also not with other characters for `=`, `+`
# and `/`: in percent, JSON, HTML or nested encoding.
# The repeats are bounded, because the time of the search would be quadratic otherwise.
_EQUALS = r"(?:=|%(?:25){0,4}3d|\\{1,8}(?:u00|x)3d|&#(?:61|x3d);)"
_PLUS_OR_SLASH = r"(?:[+/]|%(?:25){0,4}2[bf]|\\{1,8}(?:(?:u00|x)2[bf]|/)|&#(?:43|47|x2b|x2f);)"
# A run of base64. It is a signature, alone or after other text, if it has at least 32 bytes and ends with `=`.
_BASE64 = re.compile(rf"((?:[a-z0-9]+|{_PLUS_OR_SLASH})+)({_EQUALS})?", re.IGNORECASE)
_SIGNATURE_LENGTH = 43
# A wrapped line may end anywhere in the name, and in the value.
_NAME = rf"s ?i ?g ?{_EQUALS}"
_REST = rf"(?: (?:[a-z0-9]|{_PLUS_OR_SLASH}){{1,200}}%?2?){{1,3}}{_EQUALS}"
_SIGNATURE = re.compile(rf"({_NAME})( ?)([^&\s\"'…]+)({_REST})?", re.IGNORECASE)


def to_one_line(text: str) -> str:
    """Replace control characters and runs of white space by single spaces, remove signatures, and shorten the text."""
    # The searches are slow, and what follows is cut off in any case, unless nearly all before it is white space.
    start = " ".join(_CONTROL.sub(" ", text[:_MAX_SEARCHED]).split())[: 4 * MAX_MESSAGE_LENGTH]
    folded = _SIGNATURE.sub(_remove_value, _BASE64.sub(_remove_signature, start))
    return folded if len(folded) <= MAX_MESSAGE_LENGTH else f"{folded[:MAX_MESSAGE_LENGTH]} …"


@dataclass(frozen=True, slots=True)
class EntryResult:
    """What became of one entry or missing reference. `reference_id` is None if the line names no reference."""

    kind: EntryKind
    reference_id: UUID | str | None
    detail: str = ""

    @property
    def error(self) -> str | None:
        """The sentence for the report. None if the enhancement was added."""
        message = _MESSAGES.get(self.kind)
        return None if message is None else to_one_line(message.format(self.detail))

    def to_line(self) -> bytes:
        """Return the line of the draft report."""
        return to_json({"reference_id": self.reference_id, "error": self.error, "kind": self.kind}) + b"\n"


def _remove_signature(run: re.Match[str]) -> str:
    return "…" if run[2] and len(run[1]) >= _SIGNATURE_LENGTH else run[0]


def get_added_message(batch: Batch) -> str:
    """Return the sentence for an entry whose enhancement was added, or would be."""
    return _TEST_RUN_MESSAGE if batch.test_run else _ADDED_MESSAGE


def infer_kind(error: str | None) -> EntryKind:
    """Return the kind of an entry in a report of version 0.1, which has the sentences only."""
    if error is None:
        return EntryKind.ADDED
    return next(kind for kind, message in _MESSAGES.items() if error.startswith(message.partition("{")[0]))


def _remove_value(parameter: re.Match[str]) -> str:
    """Remove the value of `sig`. Text after a space belongs to it only if all is as long as a signature."""
    name, space, value, rest = parameter[1], parameter[2], parameter[3], parameter[4] or ""
    if len(value + rest.replace(" ", "")) >= _SIGNATURE_LENGTH:
        return f"{name}…"
    return parameter[0] if space else f"{name}…{rest}"


@dataclass(slots=True)
class ReportPart:
    """Some lines of the report: as text, and as JSONL of `BatchRobotResultValidationEntry`."""

    text: bytearray = field(default_factory=bytearray)
    lines: bytearray = field(default_factory=bytearray)

    def add(
        self, kind: EntryKind, reference_id: UUID | str | None, number: int, message: str, error: str | None
    ) -> None:
        """Add a line about the entry with this number, or about a missing reference."""
        subject = f"Entry {number}" if reference_id is None else f"Reference {reference_id}"
        self.text += f"{subject}: {message}\n".encode()
        line = None if kind == EntryKind.MISSING else number
        self.lines += to_json({"reference_id": reference_id, "error": error, "line": line, "kind": kind}) + b"\n"


class ReportWriter:
    """Turns the draft report into the final one, and counts what is in it.

    An accepted entry that the store refused gets the store's reason. One that no recorded chunk contains was cancelled.
    The draft has the entries in the order of the file, followed by the missing references.
    """

    def __init__(self, batch: Batch, refusals: Iterable[Refusal]) -> None:
        self._reasons = {refusal.entry: refusal.reason for refusal in refusals}
        self._last_added = batch.progress.last_entry if count_unimported(batch) else math.inf
        self._added_message = get_added_message(batch)
        self._number = 0
        self.enhanced: set[str] = set()
        self._cancelled: set[str] = set()
        self.errors = ErrorCounter()

    @property
    def outcome(self) -> Outcome:
        """The counts of the references in the lines so far."""
        return Outcome(enhanced=len(self.enhanced), cancelled=len(self._cancelled - self.enhanced))

    def write(self, draft_lines: Iterable[bytes | None]) -> ReportPart:
        """Return the final lines for the next lines of the draft."""
        written = ReportPart()
        for draft_line in draft_lines:
            if draft_line is None:
                continue
            self._number += 1
            kind, reference_id, error = self._decide(from_json(draft_line))
            if error is None:
                self.enhanced.add(reference_id)
            else:
                self.errors.add(kind, error, reference_id)
            written.add(kind, reference_id, self._number, self._added_message if error is None else error, error)
        return written

    def _decide(self, draft: dict[str, Any]) -> tuple[EntryKind, Any, str | None]:
        """Return the kind of an entry, its reference and its sentence. Only accepted entries may change."""
        reference_id, error = draft["reference_id"], draft["error"]
        kind = draft.get("kind") or infer_kind(error)
        if kind == EntryKind.ADDED:
            if (reason := self._reasons.get(self._number)) is not None:
                result = EntryResult(EntryKind.NOT_STORABLE, reference_id, reason)
                return result.kind, reference_id, result.error
            if self._number > self._last_added:
                self._cancelled.add(reference_id)
                return EntryKind.CANCELLED, reference_id, _MESSAGES[EntryKind.CANCELLED]
        return kind, reference_id, error
