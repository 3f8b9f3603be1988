"""RIS, as reference managers and databases write it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from exchange.formats.encodings import open_text, read_lines
from exchange.formats.record import Fault, Format, Record
from exchange.formats.tagged import Dialect, TaggedRecord, read_records
from exchange.formats.values import (
    collapse,
    find_asreview_label,
    find_date,
    find_year,
    sort_links,
    split_issns,
    split_pages,
)

_LINE = re.compile(r"([A-Z][A-Z0-9])  -(?:\s(.*))?$", re.DOTALL)
# The lines around a record may have a single space, a byte order mark or white space. In an abstract, a line may begin
# with "ER - positive".
_BORDER = re.compile(r"[\ufeff\s]*(TY|ER) {1,2}-\s*((?<=-)|[A-Z]{2,8}\s*)$")
_TITLES = ("TI", "T1", "CT", "BT")
_ABSTRACTS = ("AB", "N2")
_AUTHORS = ("AU", "A1")
_JOURNALS = ("T2", "JF", "JO", "JA", "J2", "J1")
_PUBMED = re.compile(r"pubmed|medline", re.IGNORECASE)
_EMBASE = re.compile(r"embase", re.IGNORECASE)
_URL_ENDS = re.compile(r"(?<![\s;])[\s;]+(?=https?://)")

TYPES = {
    "ABST", "ADVS", "AGGR", "ANCIENT", "ART", "BILL", "BLOG", "BOOK", "CASE", "CHAP", "CHART", "CLSWK", "COMP", "CONF",
    "CPAPER", "CTLG", "DATA", "DBASE", "DICT", "EBOOK", "ECHAP", "EDBOOK", "EJOUR", "ELEC", "ENCYC", "EQUA", "FIGURE",
    "GEN", "GOVDOC", "GRANT", "HEAR", "ICOMM", "INPR", "JFULL", "JOUR", "LEGAL", "MANSCPT", "MAP", "MGZN", "MPCT",
    "MULTI", "MUSIC", "NEWS", "PAMP", "PAT", "PCOMM", "RPRT", "SER", "SLIDE", "SOUND", "STAND", "STAT", "THES", "UNPB",
    "VIDEO",
}  # fmt: skip


def read_ris(path: Path) -> Iterator[Record | Fault]:
    """Yield the records of the file."""
    with open_text(path) as text:
        for record in read_records(path.name, read_lines(text), Dialect(split_line, start="TY", end="ER")):
            yield record if isinstance(record, Fault) else _to_record(path.name, record)


def split_line(line: str) -> tuple[str, str] | None:
    """Return the tag of a line and its value. None if it continues the line before."""
    found = _LINE.match(line) or _BORDER.match(line)
    return (found[1], (found[2] or "").strip()) if found else None


def _to_record(file: str, tagged: TaggedRecord) -> Record:
    raw = tagged.join()
    values: dict[str, list[str]] = defaultdict(list)
    for tag, value in raw:
        if value:
            values[tag].append(value)

    def first(*tags: str) -> str:
        return next((collapse(values[tag][0]) for tag in tags if tag in values), "")

    def every(*tags: str) -> tuple[str, ...]:
        return tuple(collapse(value) for tag in tags for value in values.get(tag, ()))

    links = sort_links(tuple(url for value in every("UR") for url in _URL_ENDS.split(value)))
    pm_id, other_ids = _find_accessions(first("AN"), first("DB", "DP"), first("U2"), first("C5"))
    first_page, last_page = split_pages(first("SP"))
    notes = every("N1")
    return Record(
        file=file,
        line=tagged.line,
        format=Format.RIS,
        raw=raw,
        type=first("TY"),
        title=first(*_TITLES),
        abstract=next((values[tag][0] for tag in _ABSTRACTS if tag in values), ""),
        authors=every("AU") or every("A1"),
        year=find_year(first("PY", "Y1", "DA")),
        date=next((day for tag in ("DA", "Y1", "PY") if (day := find_date(first(tag)))), ""),
        journal=first(*_JOURNALS),
        volume=first("VL"),
        issue=first("IS", "CP"),
        first_page=first_page,
        last_page=last_page or first("EP"),
        publisher=first("PB"),
        issns=split_issns(" ".join(every("SN"))),
        doi=first("DO") or links.doi,
        pm_id=pm_id or links.pm_id,
        open_alex=links.open_alex,
        other_ids=other_ids,
        keywords=every("KW") if len(values["KW"]) != 1 else _split_keywords(values["KW"][0]),
        urls=links.urls,
        language=first("LA"),
        notes=notes,
        included=find_asreview_label(notes),
    )


def _find_accessions(number: str, database: str, second: str, fifth: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the PubMed ID, and the identifier in another database. A number without its database identifies nothing.

    Embase has its own number in U2 (Embase.com) or AN (Ovid), and the PubMed ID in C5.
    """
    if _EMBASE.search(database):
        embase = second or number
        return (fifth if fifth.isdigit() else "", (("embase", embase),) if embase else ())
    if _PUBMED.search(database):
        return (number if number.isdigit() else "", ())
    return ("", ((database.lower(), number),) if number and database else ())


def _split_keywords(value: str) -> tuple[str, ...]:
    """Return the keywords of a single KW: EndNote writes all of them into one, a line each."""
    return tuple(keyword for line in value.split("\n") if (keyword := collapse(line)))
