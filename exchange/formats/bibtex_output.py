"""BibTeX that is written."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from exchange.formats.bibtex import TYPES, VERBATIM
from exchange.formats.bibtex_parts import join_parts
from exchange.formats.from_reference import make_record
from exchange.formats.read_tags import is_note
from exchange.formats.record import Format, Record, Row, fill_missing, keep_missing
from exchange.formats.tags import Tag, describe_tags, list_tags
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
# Zotero decodes no other form, but braces without their partner would end the field.
_BRACES = {"{": r"\{", "}": r"\}"}
_TO_ESCAPE = re.compile("|".join(map(re.escape, _SPECIAL)))
_LINE_ENDS = re.compile(r"\r\n?|\n")
_NOT_IN_KEY = re.compile(r"[^A-Za-z0-9]+")

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
    fields += ((name, f"{{{value}}}") for name, value in _write_record(added, kind))
    if tags:
        fields = _replace(fields, "keywords", lambda known: _add_keywords(known, tags))
        fields = _replace(fields, "annote", lambda known: _add_note(known, tags))
    lines = [f"  {name} = {value}" for name, value in fields]
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
        "keywords": ", ".join(_join_keyword(keyword) for keyword in record.keywords),
        "note": "\n".join([*record.notes, *(f"Identifier {name}: {value}" for name, value in record.other_ids)]),
    }
    for name, value in fields.items():
        if value:
            yield name, value if name in VERBATIM or name == "author" else _escape(value)


def _escape(text: str) -> str:
    """Return the text as LaTeX. No line begins with @, where parsers would expect the next entry."""
    special = _SPECIAL | _BRACES if _has_pairs_of_braces(text) else _SPECIAL
    return _TO_ESCAPE.sub(lambda found: special[found[0]], _join_lines_with_at(text))


def _has_pairs_of_braces(text: str) -> bool:
    depths = list(accumulate({"{": 1, "}": -1}.get(character, 0) for character in text))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)


def _join_lines_with_at(text: str) -> str:
    joined: list[str] = []
    for line in _LINE_ENDS.split(text):
        if joined and (begun := line.lstrip()).startswith("@"):
            while len(joined) > 1 and not joined[-1].strip():
                joined.pop()
            joined[-1] = f"{joined[-1].rstrip()} {begun}"
        else:
            joined.append(line)
    return "\n".join(joined)


def _escape_author(name: str) -> str:
    """Return the name in braces if BibTeX would take it for two."""
    escaped = _escape(collapse(name))
    return f"{{{escaped}}}" if " and " in f" {escaped} ".lower() else escaped


def _add_keywords(known: str, tags: Sequence[Tag]) -> str:
    added = [_join_keyword(_escape(tag.keyword)) for tag in tags]
    kept = [keyword for part in known.split(",") if (keyword := part.strip()) and keyword not in added]
    return ", ".join([*kept, *added])


def _join_keyword(keyword: str) -> str:
    """Return the keyword without the characters at which Zotero and JabRef separate keywords."""
    return collapse(keyword.replace(",", " ").replace(";", " "))


def _add_note(known: str, tags: Sequence[Tag]) -> str:
    """Return the lines of the note with those of the tags, which replace an older note on annotations."""
    kept = [line for line in known.split("\n") if not is_note(line.strip())] if known else []
    return "\n".join([*kept, _escape(describe_tags(tags))])


def _replace(fields: Fields, name: str, change: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return the fields with a changed text in the field of this name. It is the last one if there was none."""
    if not any(found.lower() == name for found, _ in fields):
        return [*fields, (name, f"{{{change('')}}}")]
    return [(found, f"{{{change(join_parts(value))}}}" if found.lower() == name else value) for found, value in fields]
