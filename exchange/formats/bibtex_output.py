"""BibTeX that is written."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from exchange.formats.bibtex import TYPES, VERBATIM
from exchange.formats.from_reference import make_record
from exchange.formats.record import Format, Record, Row, fill_missing, keep_missing
from exchange.formats.tags import NOTE_START, describe_tags, list_tags
from exchange.formats.values import collapse, join_pages

_ENTRY_TYPES = {ris: bibtex for bibtex, ris in reversed(TYPES.items())}
_SPECIAL = {
    "\\": r"\textbackslash{}",
    # BibTeX counts braces even after a backslash.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "--": "-{}-",
    "``": "`{}`",
    "''": "'{}'",
    **{character: f"\\{character}" for character in "%&#_$"},
}
_TO_ESCAPE = re.compile("|".join(map(re.escape, _SPECIAL)))
_NOT_IN_KEY = re.compile(r"[^A-Za-z0-9]+")
_LINE_WITH_AT = re.compile(r"\s*\n\s*@")
# Zotero and JabRef separate keywords at both.
_KEYWORD_ENDS = re.compile(r"\s*[,;]\s*")
_MONTH = re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec")

Fields = Sequence[tuple[str, str]]


def format_bibtex(row: Row, number: int) -> str:
    """Return the entry: the original fields in their order, then what the reference adds to them.

    Without an original, `number` makes the key unique.
    """
    added, tags = make_record(row.reference), list_tags(row, {Format.BIBTEX})
    fields: list[tuple[str, str]] = []
    if row.original is not None and row.original.format is Format.BIBTEX:
        (kind, key), *fields = row.original.raw
        added = keep_missing(added, row.original)
    else:
        if row.original is not None:
            added = fill_missing(row.original, added)
        kind, key = _ENTRY_TYPES.get(added.type, "article" if added.journal else "misc"), _make_key(added, number)
    fields += _write_record(added, kind)
    if tags:
        fields = _extend(fields, "keywords", ", ", [_KEYWORD_ENDS.sub(" ", _escape(tag.keyword)) for tag in tags])
        fields = _extend(fields, "annote", "\n", [_escape(describe_tags(tags))])
    lines = [f"  {name} = {_write_value(name, value)}" for name, value in fields]
    return ",\n".join([f"@{kind}{{{key}", *lines]) + "\n}\n\n"


def _make_key(record: Record, number: int) -> str:
    author = record.authors[0].split(",")[0] if record.authors else "reference"
    plain = unicodedata.normalize("NFKD", author)
    return f"{_NOT_IN_KEY.sub('', plain) or 'reference'}{record.year}-{number}"


def _write_record(record: Record, kind: str) -> Iterator[tuple[str, str]]:
    fields = {
        "title": record.title,
        "author": " and ".join(_escape_author(author) for author in record.authors),
        "year": record.year,
        "date": record.date,
        "journal" if kind == "article" else "booktitle": record.journal,
        "volume": record.volume,
        "number": record.issue,
        "pages": join_pages(record.first_page, record.last_page),
        "publisher": record.publisher,
        "issn": ", ".join(record.issns),
        "doi": record.doi,
        "pmid": record.pm_id,
        "openalex": record.open_alex,
        "url": " ".join(record.urls).replace("{", "%7B").replace("}", "%7D"),
        "language": record.language,
        "abstract": record.abstract,
        "keywords": ", ".join(_KEYWORD_ENDS.sub(" ", keyword) for keyword in record.keywords),
        "note": "\n".join([*record.notes, *(f"Identifier {name}: {value}" for name, value in record.other_ids)]),
    }
    for name, value in fields.items():
        if value:
            yield name, value if name in VERBATIM or name == "author" else _escape(value)


def _escape(text: str) -> str:
    """Return the text as LaTeX. No line begins with @, where parsers would expect the next entry."""
    return _TO_ESCAPE.sub(lambda found: _SPECIAL[found[0]], _LINE_WITH_AT.sub(" @", text))


def _escape_author(name: str) -> str:
    """Return the name in braces if BibTeX would take it for two."""
    escaped = _escape(collapse(name))
    return f"{{{escaped}}}" if " and " in f" {escaped} ".lower() else escaped


def _extend(fields: Fields, name: str, separator: str, values: Sequence[str]) -> list[tuple[str, str]]:
    """Return the fields with the values added to the field of this name. They replace an older note on annotations."""
    known = next((value for found, value in fields if found.lower() == name), None)
    parts = [part.strip() for part in (known or "").split(separator.strip(" "))]
    kept = [part for part in parts if part and part not in values and not part.startswith(NOTE_START)]
    joined = separator.join([*kept, *values])
    if known is None:
        return [*fields, (name, joined)]
    return [(found, joined if found.lower() == name else value) for found, value in fields]


def _write_value(name: str, value: str) -> str:
    return value if name == "month" and _MONTH.fullmatch(value) else f"{{{value}}}"
