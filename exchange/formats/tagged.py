"""Formats with a tag at the start of each line (RIS and NBIB): their lines and records."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from exchange.formats.encodings import MAX_RECORD_CHARACTERS, find_damage
from exchange.formats.record import Fault

# What some databases write outside of the records: the number of the next one, or where the file comes from.
_OUTSIDE = re.compile(r"(<\d+>|\d+\.|(Provider|Database|Content)\s*:.*)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a tagged format is written. `split` returns the tag and the value of a line, or None if it has no tag."""

    split: Callable[[str], tuple[str, str] | None]
    start: str
    # None if a record ends where the next one begins.
    end: str | None


@dataclass(slots=True)
class TaggedRecord:
    """The fields of a record in their order. Continued lines are part of the value, with their line breaks."""

    line: int
    fields: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def join(self) -> tuple[tuple[str, str], ...]:
        """Return the fields without trailing white space."""
        return tuple((tag, "\n".join(lines).rstrip()) for tag, lines in self.fields)


def read_records(file: str, lines: Iterator[tuple[int, str]], dialect: Dialect) -> Iterator[TaggedRecord | Fault]:
    """Yield the records. Lines between records are a fault, once for each group of them."""
    record: TaggedRecord | None = None
    is_stray = False
    for number, line in lines:
        found = dialect.split(line)
        tag = found[0] if found else None
        if tag == dialect.start:
            if record is not None:
                yield _check(file, record)
            record, is_stray = TaggedRecord(number), False
        elif record is None:
            if not is_stray and not _OUTSIDE.fullmatch(line.strip()):
                is_stray = True
                yield Fault(file, number, f"These lines belong to no record: a record begins with {dialect.start}.")
            continue
        elif tag is not None and tag == dialect.end:
            yield _check(file, record)
            record = None
            continue
        _add_line(record, line, found)
    if record is not None:
        yield _check(file, record)


def _add_line(record: TaggedRecord, line: str, found: tuple[str, str] | None) -> None:
    record.size += len(line)
    if record.size > MAX_RECORD_CHARACTERS:
        return
    if found is not None:
        record.fields.append((found[0], [found[1]]))
    else:
        record.fields[-1][1].append(line.rstrip())


def _check(file: str, record: TaggedRecord) -> TaggedRecord | Fault:
    if record.size > MAX_RECORD_CHARACTERS:
        return Fault(file, record.line, f"The record is longer than {MAX_RECORD_CHARACTERS:,} characters.")
    damage = find_damage("\n".join(line for _, lines in record.fields for line in lines))
    return Fault(file, record.line, damage) if damage else record
