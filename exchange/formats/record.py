"""The forms between which the parsers, the mappings and the writers translate."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from exchange.contract.references import Reference, ReferenceFileInput
from exchange.formats.dialect import Dialect


class Format(StrEnum):
    """A format of reference files."""

    RIS = "ris"
    BIBTEX = "bibtex"
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    NBIB = "nbib"
    PUBMED_XML = "pubmed-xml"
    OPENALEX = "openalex"
    CROSSREF = "crossref"
    JSONL = "jsonl"


# A text, a number, a truth value or a date.
Cell = str | float | datetime

TABLES = {Format.CSV, Format.TSV, Format.XLSX}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A reference as a file has it, in fields that mean the same for all formats. Unknown fields are empty.

    `raw` has everything of the original, in its order: the tags of RIS and NBIB, the columns of a table, or the type
    and key of a BibTeX entry and then its fields with their delimiters. The writers use it to write the original
    again. It is empty for XML and JSON.
    """

    file: str
    line: int
    format: Format
    raw: tuple[tuple[str, str], ...] = ()
    # The cells of `raw` in XLSX as the workbook has them. `raw` has them as text.
    cells: tuple[Cell, ...] = ()
    # A type of RIS, for example JOUR.
    type: str = ""
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    # One for each author, empty if it is not known. None at all if the format has none.
    orcids: tuple[str, ...] = ()
    year: str = ""
    date: str = ""
    journal: str = ""
    volume: str = ""
    issue: str = ""
    first_page: str = ""
    last_page: str = ""
    publisher: str = ""
    issns: tuple[str, ...] = ()
    doi: str = ""
    pm_id: str = ""
    open_alex: str = ""
    # Name of the scheme, and identifier.
    other_ids: tuple[tuple[str, str], ...] = ()
    keywords: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    language: str = ""
    cited_by_count: int | None = None
    notes: tuple[str, ...] = ()
    # Whether the record was labelled relevant or irrelevant. None if it has no label.
    included: bool | None = None
    # How the file of CSV or TSV is written.
    dialect: Dialect | None = field(default=None, compare=False)


# The fields that describe the reference, and not its place.
_CONTENT_FIELDS = [
    item.name for item in fields(Record) if item.name not in {"file", "line", "format", "raw", "cells", "dialect"}
]
_EMPTY = Record(file="", line=0, format=Format.JSONL)


def keep_missing(record: Record, known: Record) -> Record:
    """Return the record with only those fields that the known one does not have."""
    return replace(_EMPTY, **_select(record, lambda name: _is_empty(known, name)))


def fill_missing(record: Record, other: Record) -> Record:
    """Return the record with the fields of the other one where it has none."""
    return replace(record, **_select(other, lambda name: _is_empty(record, name)))


def _select(record: Record, is_selected: Callable[[str], bool]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _CONTENT_FIELDS if is_selected(name)}


def _is_empty(record: Record, name: str) -> bool:
    return bool(getattr(record, name) == getattr(_EMPTY, name))


@dataclass(frozen=True, slots=True)
class Reading:
    """A record that was read, and the reference to load. `warnings` has a sentence for each value that was left out."""

    record: Record
    reference: ReferenceFileInput
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """A part of a file that cannot be read. `line` is where it begins, counted from 1: in XLSX it is the row."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A reference to write, with its annotations, and the record from which it came, if that is at hand."""

    reference: Reference | ReferenceFileInput
    original: Record | None = None
