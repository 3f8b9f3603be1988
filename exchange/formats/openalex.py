"""Works of OpenAlex: answers of its API, or files of its snapshot."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exchange.formats.json_files import get_list, get_text, get_texts, get_value, read_objects
from exchange.formats.record import Fault, Format, Record
from exchange.formats.values import collapse, find_date, find_year, sort_links

_TYPES = {
    "article": "JOUR",
    "review": "JOUR",
    "letter": "JOUR",
    "editorial": "JOUR",
    "book": "BOOK",
    "book-chapter": "CHAP",
    "dataset": "DATA",
    "dissertation": "THES",
    "report": "RPRT",
    "preprint": "UNPB",
}


def read_openalex(path: Path) -> Iterator[Record | Fault]:
    """Yield the works of the file."""
    for found in read_objects(path):
        yield found if isinstance(found, Fault) else _to_record(path.name, *found)


def _to_record(file: str, line: int, work: dict[str, Any]) -> Record:
    source = get_value(work, "primary_location", "source")
    authorships = get_list(work, "authorships")
    # The landing page comes last, because the identifiers of the work itself have priority.
    places = (("id",), ("doi",), ("ids", "pmid"), ("primary_location", "landing_page_url"))
    links = sort_links(tuple(address for place in places if (address := get_text(work, *place))))
    return Record(
        file=file,
        line=line,
        format=Format.OPENALEX,
        type=_TYPES.get(get_text(work, "type"), "GEN"),
        title=collapse(get_text(work, "title") or get_text(work, "display_name")),
        abstract=_join_inverted(get_value(work, "abstract_inverted_index")),
        authors=tuple(get_text(authorship, "author", "display_name") for authorship in authorships),
        orcids=tuple(get_text(authorship, "author", "orcid").rpartition("/")[2] for authorship in authorships),
        year=find_year(get_text(work, "publication_year")),
        date=find_date(get_text(work, "publication_date")),
        journal=get_text(source, "display_name"),
        volume=get_text(work, "biblio", "volume"),
        issue=get_text(work, "biblio", "issue"),
        first_page=get_text(work, "biblio", "first_page"),
        last_page=get_text(work, "biblio", "last_page"),
        publisher=get_text(source, "host_organization_name"),
        issns=get_texts(source, "issn"),
        doi=links.doi,
        pm_id=links.pm_id,
        open_alex=links.open_alex,
        keywords=tuple(get_text(keyword, "display_name") for keyword in get_list(work, "keywords")),
        urls=links.urls,
        language=get_text(work, "language"),
        cited_by_count=count if isinstance(count := get_value(work, "cited_by_count"), int) else None,
    )


def _join_inverted(index: Any) -> str:
    """Return the abstract, of which OpenAlex has the places of each word."""
    if not isinstance(index, dict):
        return ""
    places = {place: word for word in index for place in get_list(index, word) if isinstance(place, int)}
    return " ".join(places[place] for place in sorted(places))
