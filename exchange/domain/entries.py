"""The validation of a robot's result, entry by entry. An invalid entry has no effect on any other entry."""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import from_json

from exchange.contract.base import escape_separators
from exchange.contract.enhancements import Enhancement, Visibility
from exchange.contract.json_input import TooManyBracketsError, describe_json_faults, parse_json
from exchange.contract.reports import EntryKind
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.chunks import format_accepted_line
from exchange.domain.fast_parser import FastEnhancement, FastRobotError, parse_fast
from exchange.domain.limits import Limits
from exchange.domain.manifest import Manifest
from exchange.domain.origin import Origin
from exchange.domain.report import REJECTED, EntryResult
from exchange.domain.room import Room
from exchange.domain.storable import MAX_DOCUMENT_BYTES, find_storage_fault, is_too_large

_DEFAULT_ROOM = Limits().result_room
_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)


@dataclass(slots=True)
class ValidatedLines:
    """What a slice of the result adds to the accepted blob and to the draft report."""

    accepted: bytes | bytearray = b""
    draft_report: bytes | bytearray = b""


class EntryValidator:
    """Validates the lines of one result in order, and counts them. One object per validation; not thread-safe."""

    def __init__(
        self,
        manifest: Manifest,
        origin: Origin,
        max_line_bytes: int,
        room: Room = _DEFAULT_ROOM,
        max_rejected: int = sys.maxsize,
    ) -> None:
        """`max_rejected` is the number of rejected entries after which no more lines are validated."""
        self._manifest = manifest
        self._origin = origin
        self._max_line_bytes = max_line_bytes
        self._room = room
        self.entries = 0
        self._max_rejected = max_rejected
        self.kinds: Counter[EntryKind] = Counter()
        # See `report.REJECTED`.
        self.rejected = 0
        # How many of the accepted enhancements are hidden.
        self.hidden = 0
        # The output for the current slice, in pieces that are joined once.
        self._accepted_lines: list[bytes] = []
        self._draft_lines: list[bytes] = []

    @property
    def accepted(self) -> int:
        """The number of entries to import."""
        return self.kinds[EntryKind.ADDED]

    def validate(self, lines: Iterable[bytes | None]) -> ValidatedLines:
        """Validate a slice of lines. None stands for a line that was too long to keep. Blank lines do not count."""
        for line in lines:
            entry = parse_fast(line)
            if entry is None or entry.reference_id not in self._manifest:
                if line is None or line.strip():
                    self.entries += 1
                    self._read(line)
                    if self.rejected > self._max_rejected:
                        break
            else:
                self.entries += 1
                if isinstance(entry, FastRobotError):
                    self._manifest.mark_named(entry.reference_id)
                    self._report(EntryKind.ROBOT_ERROR, entry.reference_id, entry.message)
                else:
                    self._accept(entry.reference_id, entry, entry.to_json(self._origin.robot_version))
        accepted = escape_separators(b"".join(self._accepted_lines))
        validated = ValidatedLines(accepted, b"".join(self._draft_lines))
        self._accepted_lines.clear()
        self._draft_lines.clear()
        return validated

    def list_missing(self) -> tuple[int, bytes]:
        """Count the references that no entry names, and return their lines of the draft report."""
        lines = [
            EntryResult(EntryKind.MISSING, reference_id).to_line() for reference_id in self._manifest.list_missing()
        ]
        return len(lines), b"".join(lines)

    def _read(self, line: bytes | None) -> None:
        """Validate a line by the contract's model, which describes every fault."""
        if line is None:
            self._report(EntryKind.UNREADABLE, None, f"the line is longer than {self._max_line_bytes} bytes")
            return
        try:
            entry = parse_json(_ENTRY.validate_json, line)
        except TooManyBracketsError as error:
            self._report(EntryKind.UNREADABLE, None, str(error))
            return
        except ValueError as error:
            faults = "; ".join(describe_json_faults(error, line))
            self._report(EntryKind.UNREADABLE, self._find_reference(line), faults)
            return
        reference_id = str(entry.reference_id)
        if reference_id not in self._manifest:
            self._report(EntryKind.NOT_REQUESTED, reference_id)
            return
        self._manifest.mark_named(reference_id)
        if isinstance(entry, LinkedRobotError):
            self._report(EntryKind.ROBOT_ERROR, reference_id, entry.message)
            return
        fault = find_storage_fault(entry.model_dump(exclude_unset=True)["content"])
        if fault is not None:
            self._report(EntryKind.NOT_STORABLE, reference_id, fault)
            return
        if entry.robot_version is None and self._origin.robot_version is not None:
            entry = entry.model_copy(update={"robot_version": self._origin.robot_version})
        fields = entry.model_dump_json(exclude={"id"}, exclude_unset=True).encode()
        self._accept(reference_id, entry, fields)

    def _find_reference(self, line: bytes) -> str | None:
        """Return the requested reference that an invalid entry names, if it can be recognised, and mark it as named."""
        try:
            fields = from_json(line)
            reference_id = str(UUID(fields["reference_id"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        if reference_id not in self._manifest:
            return None
        self._manifest.mark_named(reference_id)
        return reference_id

    def _accept(self, reference_id: str, enhancement: Enhancement | FastEnhancement, fields: bytes) -> None:
        """Accept an enhancement unless it is too large, a duplicate, or more than its reference may have.

        `fields` is its JSON without its origin.
        """
        if is_too_large(fields):
            self._manifest.mark_named(reference_id)
            self._report(EntryKind.NOT_STORABLE, reference_id, f"it is longer than {MAX_DOCUMENT_BYTES} bytes")
            return
        first = not self._manifest.has_accepted(reference_id)
        if not self._manifest.record(reference_id, hash(fields)):
            self._report(EntryKind.DUPLICATE, reference_id)
            return
        if not self._manifest.reserve(reference_id, len(fields), self._room):
            detail = f"a result may have at most {self._room} for one reference"
            self._report(EntryKind.NOT_STORABLE, reference_id, detail)
            return
        self._accepted_lines.append(format_accepted_line(self.entries, fields, self._origin, first=first))
        self.hidden += enhancement.visibility == Visibility.HIDDEN
        self._report(EntryKind.ADDED, reference_id)

    def _report(self, kind: EntryKind, reference_id: str | None, detail: str = "") -> None:
        self.kinds[kind] += 1
        self.rejected += kind in REJECTED
        self._draft_lines.append(EntryResult(kind, reference_id, detail).to_line())
