"""The PubMed format, which PubMed saves as NBIB."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from exchange.formats.encodings import open_text, read_lines
from exchange.formats.record import Fault, Format, Record
from exchange.formats.tagged import Dialect, TaggedRecord, read_records
from exchange.formats.values import collapse, find_date, find_year, split_issns, split_pages

_LINE = re.compile(r"\ufeff?(?=.{4}-)([A-Z]{2,4}) {0,2}-(?:\s(.*))?$", re.DOTALL)


def read_nbib(path: Path) -> Iterator[Record | Fault]:
    """Yield the records of the file."""
    with open_text(path) as text:
        for record in read_records(path.name, read_lines(text), Dialect(_split_line, start="PMID", end=None)):
            yield record if isinstance(record, Fault) else _to_record(path.name, record)


def _split_line(line: str) -> tuple[str, str] | None:
    found = _LINE.match(line)
    return (found[1], (found[2] or "").strip()) if found else None


def _to_record(file: str, tagged: TaggedRecord) -> Record:
    raw = tuple((tag, collapse(value)) for tag, value in tagged.join())
    values: dict[str, list[str]] = defaultdict(list)
    for tag, value in raw:
        if value:
            values[tag].append(value)

    def first(*tags: str) -> str:
        return next((values[tag][0] for tag in tags if tag in values), "")

    first_page, last_page = split_pages(first("PG"))
    links = [*values["LID"], *values["AID"]]
    return Record(
        file=file,
        line=tagged.line,
        format=Format.NBIB,
        raw=raw,
        type="JOUR" if "Journal Article" in values["PT"] else "",
        title=first("TI", "BTI"),
        abstract=first("AB"),
        authors=tuple(values["FAU"] or values["AU"]) + tuple(values["CN"]),
        year=find_year(first("DP", "DEP")),
        date=find_date(first("DP")) or find_date(first("DEP")),
        journal=first("JT", "TA"),
        volume=first("VI"),
        issue=first("IP"),
        first_page=first_page,
        last_page=last_page,
        publisher=first("PB"),
        issns=tuple(dict.fromkeys(split_issns(" ".join(values["IS"])))),
        doi=next((link.removesuffix("[doi]").strip() for link in links if link.endswith("[doi]")), ""),
        pm_id=first("PMID"),
        other_ids=tuple(("pmc", number) for number in values["PMC"][:1]),
        keywords=tuple(dict.fromkeys((*values["OT"], *values["MH"]))),
        language=first("LA"),
        notes=tuple(values["GN"]),
    )
