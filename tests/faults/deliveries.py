"""The results that robots deliver in these tests, and what must become of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
