"""The words of the report: one line per result entry and per missing reference."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from functions.domain.windows import Refusal

ADDED = "Enhancement added."
MISSING = "Missing from the robot's result."
NOT_REQUESTED = "Not one of the references of this batch request."
REPEATED = "The same enhancement as in an earlier entry; it was not added again."

LONGEST_MESSAGE = 2_000

# Nearly every line of a report says that something was added: it is made, and read again, as bytes.
_BEFORE, _AFTER = b'{"reference_id":"', b'","error":null}'

# Control marks, line and paragraph separators, and the marks that turn the direction of what follows them.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


# Robots quote what they were sent, and a signed URL is for them alone.
_SIGNATURE = re.compile(r"(\bsig=)[^&\s\"']+")


def one_line(words: str) -> str:
    """Fold every run of white space, line breaks and control marks, and cut what no report needs to quote."""
    folded = " ".join(_SIGNATURE.sub(r"\1…", _CONTROL.sub(" ", words)).split())
    return folded if len(folded) <= LONGEST_MESSAGE else f"{folded[:LONGEST_MESSAGE]} …"


def unreadable(why: str) -> str:
    """Say why a line is no result entry."""
    return one_line(f"Could not be read: {why}")


def robot_said(message: str) -> str:
    """Quote the robot on a reference that it has no enhancement for."""
    return one_line(f"The robot reported: {message}")


def not_storable(why: str) -> str:
    """Say why an entry can't be kept."""
    return one_line(f"Can't be stored: {why}")


def verdict(reference_id: UUID | str | None, error: str | None) -> bytes:
    """Give the JSONL line of one entry or missing reference: a `BatchRobotResultValidationEntry`."""
    if error is None and reference_id is not None:
        return b"%b%b%b\n" % (_BEFORE, str(reference_id).encode(), _AFTER)
    return to_json({"reference_id": reference_id, "error": error}) + b"\n"


def _in_text(number: int, line: bytes) -> bytes:
    """Give a verdict's line as people read it; `number` counts the result's non-blank lines from 1."""
    if line.startswith(_BEFORE) and line.endswith(_AFTER):
        return b"Reference %b: %b\n" % (line[len(_BEFORE) : -len(_AFTER)], ADDED.encode())
    entry: dict[str, Any] = from_json(line)
    subject = f"Entry {number}" if entry["reference_id"] is None else f"Reference {entry['reference_id']}"
    return f"{subject}: {ADDED if entry['error'] is None else entry['error']}\n".encode()


@dataclass(slots=True)
class ReportSlice:
    """Some lines of the report in both forms."""

    text: bytearray = field(default_factory=bytearray)
    lines: bytearray = field(default_factory=bytearray)


class ReportWriter:
    """Turns the report so far into the final one: an accepted entry that the store refused gets its reason.

    The report so far has the entries in their order and then the missing references, which no refusal names.
    """

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self._reasons = {refusal.entry: refusal.reason for refusal in refusals}
        self._number = 0

    def write(self, verdicts: Iterable[bytes | None]) -> ReportSlice:
        """Give the next lines of the report for the next lines of the report so far."""
        written = ReportSlice()
        for line in verdicts:
            if line is None:
                continue
            self._number += 1
            reason = self._reasons.get(self._number)
            said = line if reason is None else verdict(from_json(line)["reference_id"], not_storable(reason))
            said = said.removesuffix(b"\n")
            written.text += _in_text(self._number, said)
            written.lines += said + b"\n"
        return written
