"""Works of Crossref: answers of its API, or one work per line."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

from exchange.formats.json_files import get_list, get_text, get_texts, get_value, read_objects
from exchange.formats.record import Fault, Format, Record
from exchange.formats.values import collapse, find_date, split_pages

_TYPES = {
    "journal-article": "JOUR",
    "book": "BOOK",
    "monograph": "BOOK",
    "book-chapter": "CHAP",
    "proceedings-article": "CONF",
    "dataset": "DATA",
    "dissertation": "THES",
    "report": "RPRT",
    "posted-content": "UNPB",
}
_DATES = ("published-print", "published", "published-online", "issued")
# Abstracts and titles have the markup of JATS.
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_PARAGRAPH_ENDS = re.compile(r"</jats:(?:p|title)>")


def read_crossref(path: Path) -> Iterator[Record | Fault]:
    """Yield the works of the file."""
    for found in read_objects(path):
        yield found if isinstance(found, Fault) else _to_record(path.name, *found)


def _to_record(file: str, line: int, work: dict[str, Any]) -> Record:
    first_page, last_page = split_pages(get_text(work, "page"))
    authors = [(name, get_text(author, "ORCID")) for author in get_list(work, "author") if (name := _read_name(author))]
    dates = ["-".join(map(str, get_list(work, name, "date-parts", 0))) for name in _DATES]
    return Record(
        file=file,
        line=line,
        format=Format.CROSSREF,
        type=_TYPES.get(get_text(work, "type"), "GEN"),
        title=_remove_markup(get_text(work, "title", 0)),
        abstract="\n".join(filter(None, map(_remove_markup, _PARAGRAPH_ENDS.split(get_text(work, "abstract"))))),
        authors=tuple(name for name, _ in authors),
        orcids=tuple(orcid.rpartition("/")[2] for _, orcid in authors),
        year=next((date[:4] for date in dates if date[:4].isdigit()), ""),
        date=next((day for date in dates if (day := find_date(date))), ""),
        journal=unescape(get_text(work, "container-title", 0)),
        volume=get_text(work, "volume"),
        issue=get_text(work, "issue"),
        first_page=first_page,
        last_page=last_page,
        publisher=get_text(work, "publisher"),
        issns=get_texts(work, "ISSN"),
        doi=get_text(work, "DOI"),
        keywords=get_texts(work, "subject"),
        urls=(url,) if (url := get_text(work, "resource", "primary", "URL") or get_text(work, "URL")) else (),
        language=get_text(work, "language"),
        cited_by_count=count if isinstance(count := get_value(work, "is-referenced-by-count"), int) else None,
    )


def _read_name(author: Any) -> str:
    family, given = get_text(author, "family"), get_text(author, "given")
    return f"{family}, {given}" if family and given else family or get_text(author, "name")


def _remove_markup(text: str) -> str:
    return collapse(unescape(_MARKUP.sub("", text)))
