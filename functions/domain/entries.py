"""The check of a robot's result, entry by entry. A wrong entry has no effect on any other."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from functions.contract.base import faults
from functions.contract.enhancements import Enhancement
from functions.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from functions.domain import report
from functions.domain.manifest import Manifest
from functions.domain.screening import ScreenedError, screen
from functions.domain.storable import LARGEST_DOCUMENT, too_large, unstorable

_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)


_USELESS = {report.NOT_REQUESTED, report.REPEATED}


@dataclass(slots=True)
class Checked:
    """What a slice of the result gave: lines of the accepted blob, and lines of the report so far."""

    accepted: bytes | bytearray = b""
    verdicts: bytes | bytearray = b""


class EntryChecker:
    """Checks the lines of one result in order, and counts. One object a validation; not for two threads at once."""

    def __init__(self, manifest: Manifest, longest_line: int) -> None:
        self._manifest = manifest
        self._longest_line = longest_line
        self.entries = 0
        self.accepted = 0
        # Entries that say nothing of a reference that was asked for: unreadable, repeated, or of another one.
        self.useless = 0
        # Of the slice that is being checked, in pieces: they are joined once.
        self._accepted_lines: list[bytes] = []
        self._verdicts: list[bytes] = []

    def check(self, lines: Iterable[bytes | None]) -> Checked:
        """Check a slice of lines; None stands for a line that was too long to be kept. Blank lines don't count."""
        for line in lines:
            entry = screen(line)
            key = None if entry is None else self._manifest.key(entry.reference_id)
            if entry is None or key is None:
                self._look_closely(line)
            else:
                self.entries += 1
                said = self._quote(key, entry) if isinstance(entry, ScreenedError) else self._keep(key, entry.fields())
                self._say(entry.reference_id, said)
        checked = Checked(b"".join(self._accepted_lines), b"".join(self._verdicts))
        self._accepted_lines.clear()
        self._verdicts.clear()
        return checked

    def missing(self) -> tuple[int, bytes]:
        """Count the references that no readable entry names, and give their lines of the report."""
        lines = [report.verdict(reference_id, report.MISSING) for reference_id in self._manifest.missing()]
        return len(lines), b"".join(lines)

    def _look_closely(self, line: bytes | None) -> None:
        """Check a line by the contract's model, whose words say what is wrong with it."""
        if line is None or line.strip():
            self.entries += 1
            reference_id, error = self._read(line)
            self._say(reference_id, error)

    def _read(self, line: bytes | None) -> tuple[UUID | None, str | None]:
        if line is None:
            return None, report.unreadable(f"the line is longer than {self._longest_line} bytes")
        try:
            entry = _ENTRY.validate_json(line, strict=True)
        except ValidationError as error:
            return None, report.unreadable("; ".join(faults(error, line)))
        if entry.reference_id not in self._manifest:
            return entry.reference_id, report.NOT_REQUESTED
        self._manifest.name(entry.reference_id.bytes)
        if isinstance(entry, LinkedRobotError):
            return entry.reference_id, report.robot_said(entry.message)
        why = unstorable(entry.model_dump(exclude_unset=True)["content"])
        if why is not None:
            return entry.reference_id, report.not_storable(why)
        fields = entry.model_dump_json(exclude={"id"}, exclude_unset=True).encode()
        return entry.reference_id, self._keep(entry.reference_id.bytes, fields)

    def _keep(self, key: bytes, fields: bytes) -> str | None:
        """Keep an enhancement, or say why it can't be kept.

        `fields` are the JSON of all but its id, which it gets when it is imported; `key` is its reference's.
        """
        if too_large(fields):
            self._manifest.name(key)
            return report.not_storable(f"it is longer than {LARGEST_DOCUMENT} bytes")
        if self._manifest.repeats(key, hash(fields)):
            return report.REPEATED
        self.accepted += 1
        self._accepted_lines.append(b'{"entry":%d,"enhancement":%b}\n' % (self.entries, fields))
        return None

    def _quote(self, key: bytes, error: ScreenedError) -> str:
        self._manifest.name(key)
        return report.robot_said(error.message)

    def _say(self, reference_id: UUID | str | None, error: str | None) -> None:
        if error is not None:
            self.useless += reference_id is None or error in _USELESS
        self._verdicts.append(report.verdict(reference_id, error))
