"""What a robot delivers in these tests, and what must come of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.results import annotation, jsonl

# Of an entry: the reference that it names, if it could be read, and whether it is to be added.
Verdict = tuple[str | None, bool]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A result file; the enhancements, by reference and label, and the report that it must lead to."""

    body: bytes
    added: Counter[tuple[str, str]]
    report: tuple[Verdict, ...]

    @property
    def status(self) -> str:
        """How the batch must end."""
        return "completed" if all(added for _, added in self.report) else "partial_failed"


def whole(batch_id: str, references: Sequence[str], times: int, mark: str = "") -> Delivery:
    """Enhance each reference so many times."""
    return _delivery(list(_good(batch_id, references, times, mark)), ())


def mixed(batch_id: str, references: Sequence[str], times: int, mark: str = "") -> Delivery:
    """Leave out the last reference; write one line that can't be read, and repeat one."""
    *named, missing = references
    lines = list(_good(batch_id, named, times, mark))
    # Soon: of each reference the last few entries are remembered.
    lines[len(named) : len(named)] = [(None, "", False), (named[0], f"{batch_id} {mark} 0", False)]
    return _delivery(lines, (missing,))


Line = tuple[str | None, str, bool]


def _good(batch_id: str, references: Sequence[str], times: int, mark: str) -> Iterator[Line]:
    """Go through all references again and again, so that a window of the import has many."""
    return ((item, f"{batch_id} {mark} {number}", True) for number in range(times) for item in references)


def _delivery(lines: Sequence[Line], missing: tuple[str, ...]) -> Delivery:
    return Delivery(
        body=jsonl(*(b"{no json" if item is None else annotation(item, label) for item, label, _ in lines)),
        added=Counter((item, label) for item, label, added in lines if added and item is not None),
        report=(*((item, added) for item, _, added in lines), *((item, False) for item in missing)),
    )
