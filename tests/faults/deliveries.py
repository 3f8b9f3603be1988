"""The results that robots deliver in these tests, and what must become of them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

from local.demo.expected_report import ADDED, KINDS_BY_MISTAKE, MISSING, NOT_REQUESTED
from samples.misbehaving_robot.mistakes import MISTAKES
from tests.results import annotation, jsonl

# The reference that a line of the report names, or None if the entry is unreadable, and whether the entry was added.
ReportLine = tuple[str | None, bool]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A result file, and what must become of it: the enhancements by reference and label, and the report."""

    body: bytes
    added: Counter[tuple[str, str]]
    report: tuple[ReportLine, ...]

    @property
    def status(self) -> str:
        """The final status of a batch with this result."""
        if not self.added:
            return "failed"
        return "completed" if all(added for _, added in self.report) else "partial_failed"


def make_valid_delivery(batch_id: str, references: Sequence[str], times: int, version: str = "") -> Delivery:
    """Enhance each reference this many times."""
    return _to_delivery(list(_enhance(batch_id, references, times, version)), ())


def make_mixed_delivery(batch_id: str, references: Sequence[str], times: int, version: str = "") -> Delivery:
    """Leave out the last reference, add an unreadable line, and repeat an entry."""
    *enhanced, missing = references
    entries = list(_enhance(batch_id, enhanced, times, version))
    # Soon after the original, because only the last entries of each reference are compared.
    entries[len(enhanced) : len(enhanced)] = [(None, "", False), (enhanced[0], f"{batch_id} {version} 0", False)]
    return _to_delivery(entries, (missing,))


def make_faulty_delivery(batch_id: str, references: Sequence[str], _times: int, version: str = "") -> Delivery:
    """Make the mistakes of the misbehaving sample robot one after the other, one for each reference."""
    lines: list[bytes] = []
    added: Counter[tuple[str, str]] = Counter()
    report: list[ReportLine] = []
    missing: list[str] = []
    for reference, mistake in zip(references, cycle(MISTAKES), strict=False):
        label = f"{batch_id} {version} 0"
        kinds = KINDS_BY_MISTAKE[mistake.name]
        lines += (_relabel(line, label) for line in mistake.lines({"id": reference}))
        added[reference, label] += mistake.added
        if MISSING in kinds:
            missing.append(reference)
        named: str | None = None if MISSING in kinds else reference
        if NOT_REQUESTED in kinds:
            named = json.loads(lines[-1])["reference_id"]
        report += ((named, kind == ADDED) for kind in kinds if kind != MISSING)
    return Delivery(jsonl(*lines), +added, (*report, *((reference, False) for reference in missing)))


def _relabel(line: bytes, label: str) -> bytes:
    """Give an entry the source and the label of these tests, if it has them."""
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return line
    if not isinstance(entry, dict) or "annotations" not in entry.get("content", {}):
        return line
    entry["content"]["annotations"][0]["label"] = label
    if "source" in entry:
        entry["source"] = "test robot"
    return json.dumps(entry).encode()


def make_unusable_delivery(_batch_id: str, references: Sequence[str], times: int) -> Delivery:
    """Upload nothing that can be read."""
    return _to_delivery([(None, "", False)] * times, tuple(references))


# An entry: its reference, or None if it is unreadable, its label, and whether it is added.
Entry = tuple[str | None, str, bool]


def _enhance(batch_id: str, references: Sequence[str], times: int, version: str) -> Iterator[Entry]:
    """Enhance all references, then all again, so that each chunk of the import has many references."""
    return ((reference, f"{batch_id} {version} {number}", True) for number in range(times) for reference in references)


def _to_delivery(entries: Sequence[Entry], missing: tuple[str, ...]) -> Delivery:
    return Delivery(
        body=jsonl(
            *(b"{no json" if reference is None else annotation(reference, label) for reference, label, _ in entries)
        ),
        added=Counter((reference, label) for reference, label, added in entries if added and reference is not None),
        report=(
            *((reference, added) for reference, _, added in entries),
            *((reference, False) for reference in missing),
        ),
    )
