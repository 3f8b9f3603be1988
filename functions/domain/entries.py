"""The check of a robot's result, entry by entry. A wrong entry has no effect on any other."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from functions.contract.base import faults
from functions.contract.enhancements import Enhancement
from functions.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from functions.domain import report
from functions.domain.ids import derived_id
from functions.domain.manifest import Manifest
from functions.domain.storable import LARGEST_DOCUMENT, sent_size, unstorable

_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)


_USELESS = {report.NOT_REQUESTED, report.REPEATED}


@dataclass(slots=True)
class Checked:
    """What a slice of the result gave: lines of the accepted blob, and lines of the report so far."""

    accepted: bytearray = field(default_factory=bytearray)
    verdicts: bytearray = field(default_factory=bytearray)


class EntryChecker:
    """Checks the lines of one result in order, and counts. One object a validation; not for two threads at once."""

    def __init__(self, batch_id: UUID, manifest: Manifest, longest_line: int) -> None:
        self._batch_id = batch_id
        self._manifest = manifest
        self._longest_line = longest_line
        self.entries = 0
        self.accepted = 0
        # Entries that say nothing of a reference that was asked for: unreadable, repeated, or of another one.
        self.useless = 0

    def check(self, lines: Iterable[bytes | None]) -> Checked:
        """Check a slice of lines; None stands for a line that was too long to be kept. Blank lines don't count."""
        checked = Checked()
        for line in lines:
            if line is not None and not line.strip():
                continue
            self.entries += 1
            reference_id, error = self._check_line(line, checked)
            self.useless += reference_id is None or error in _USELESS
            checked.verdicts += report.verdict(reference_id, error)
        return checked

    def missing(self) -> tuple[int, bytes]:
        """Count the references that no readable entry names, and give their lines of the report."""
        lines = [report.verdict(reference_id, report.MISSING) for reference_id in self._manifest.missing()]
        return len(lines), b"".join(lines)

    def _check_line(self, line: bytes | None, checked: Checked) -> tuple[UUID | None, str | None]:
        if line is None:
            return None, report.unreadable(f"the line is longer than {self._longest_line} bytes")
        try:
            entry = _ENTRY.validate_json(line, strict=True)
        except ValidationError as error:
            return None, report.unreadable("; ".join(faults(error, line)))
        if entry.reference_id not in self._manifest:
            return entry.reference_id, report.NOT_REQUESTED
        self._manifest.name(entry.reference_id)
        if isinstance(entry, LinkedRobotError):
            return entry.reference_id, report.robot_said(entry.message)
        return entry.reference_id, self._accept(entry, checked)

    def _accept(self, enhancement: Enhancement, checked: Checked) -> str | None:
        """Keep an enhancement under an id that the same entry always gets, or say why it can't be kept."""
        why = unstorable(enhancement.model_dump(exclude_unset=True)["content"])
        if why is not None:
            return report.not_storable(why)
        fields = enhancement.model_dump_json(exclude={"id"}, exclude_unset=True).encode()
        if sent_size(fields) > LARGEST_DOCUMENT:
            return report.not_storable(f"it is longer than {LARGEST_DOCUMENT} bytes")
        fingerprint = int.from_bytes(hashlib.blake2b(fields, digest_size=8).digest())
        if self._manifest.repeats(enhancement.reference_id, fingerprint):
            return report.REPEATED
        self.accepted += 1
        enhancement_id = derived_id(self._batch_id, self.entries)
        checked.accepted += b'{"entry":%d,"enhancement":{"id":"%s",' % (self.entries, str(enhancement_id).encode())
        checked.accepted += fields[1:] + b"}\n"
        return None
