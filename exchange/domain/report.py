"""The report: one line for each result entry and for each missing reference."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from exchange.domain.chunks import Refusal

MAX_MESSAGE_LENGTH = 2_000


class EntryKind(StrEnum):
    """What became of a result entry, or of a reference that has none."""

    ADDED = "added"
    """The enhancement is accepted. It is added unless the store refuses it, which changes the kind to not_storable."""
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
    MISSING = "missing"
    """No entry names the reference."""


# Entries of these kinds are rejected: they give neither an enhancement nor a reason for a requested reference.
REJECTED = frozenset({EntryKind.UNREADABLE, EntryKind.NOT_REQUESTED, EntryKind.DUPLICATE})

_ADDED_MESSAGE = "Enhancement added."
_MESSAGES = {
    EntryKind.ROBOT_ERROR: "The robot reported: {}",
    EntryKind.UNREADABLE: "Could not be read: {}",
    EntryKind.NOT_REQUESTED: "Not one of the references of this batch request.",
    EntryKind.DUPLICATE: "Same content as an earlier entry. It was not added again.",
    EntryKind.NOT_STORABLE: "Could not be stored: {}",
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
    # The search is slow, and what follows is cut off in any case.
    start = " ".join(_CONTROL.sub(" ", text).split())[: 4 * MAX_MESSAGE_LENGTH]
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
        """Return the line of the JSONL report, a `BatchRobotResultValidationEntry`."""
        return to_json({"reference_id": self.reference_id, "error": self.error}) + b"\n"


def _remove_signature(run: re.Match[str]) -> str:
    return "…" if run[2] and len(run[1]) >= _SIGNATURE_LENGTH else run[0]


def _remove_value(parameter: re.Match[str]) -> str:
    """Remove the value of `sig`. Text after a space belongs to it only if all is as long as a signature."""
    name, space, value, rest = parameter[1], parameter[2], parameter[3], parameter[4] or ""
    if len(value + rest.replace(" ", "")) >= _SIGNATURE_LENGTH:
        return f"{name}…"
    return parameter[0] if space else f"{name}…{rest}"


def _to_text(number: int, line: bytes) -> bytes:
    """Return the line of the text report. `number` counts the non-blank lines of the result file from 1."""
    entry: dict[str, Any] = from_json(line)
    subject = f"Entry {number}" if entry["reference_id"] is None else f"Reference {entry['reference_id']}"
    return f"{subject}: {_ADDED_MESSAGE if entry['error'] is None else entry['error']}\n".encode()


@dataclass(slots=True)
class ReportPart:
    """Some lines of the report in both forms."""

    text: bytearray = field(default_factory=bytearray)
    lines: bytearray = field(default_factory=bytearray)


class ReportWriter:
    """Turns the draft report into the final one: an accepted entry that the store refused gets the store's reason.

    The draft has the entries in the order of the file, followed by the missing references.
    """

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self._reasons = {refusal.entry: refusal.reason for refusal in refusals}
        self._number = 0

    def write(self, draft_lines: Iterable[bytes | None]) -> ReportPart:
        """Return the final lines for the next lines of the draft."""
        written = ReportPart()
        for draft_line in draft_lines:
            if draft_line is None:
                continue
            self._number += 1
            line = draft_line
            if (reason := self._reasons.get(self._number)) is not None:
                line = EntryResult(EntryKind.NOT_STORABLE, from_json(line)["reference_id"], reason).to_line()
            line = line.removesuffix(b"\n")
            written.text += _to_text(self._number, line)
            written.lines += line + b"\n"
        return written
