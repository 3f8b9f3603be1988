"""From a reference back to a record, for the formats that are not JSONL."""

from collections.abc import Iterator
from typing import TypeVar

from exchange.contract.enhancements import (
    Abstract,
    AnnotationSet,
    Bibliographic,
    LocationSet,
    Pagination,
    PublicationVenue,
)
from exchange.contract.identifiers import OtherIdentifier
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.formats.record import Format, Record

_TYPES = {"journal": "JOUR", "conference": "CONF"}

Content = TypeVar("Content", Abstract, AnnotationSet, Bibliographic, LocationSet)


def make_record(reference: Reference | ReferenceFileInput, file: str = "", line: int = 0) -> Record:
    """Return the record of a reference. Of several enhancements of a kind, the first one is used: it is the newest."""
    content = next(find_contents(reference, Bibliographic), Bibliographic(enhancement_type="bibliographic"))
    abstract = next(find_contents(reference, Abstract), None)
    pages, venue = content.pagination or Pagination(), content.publication_venue or PublicationVenue()
    authors, day = content.authorship or [], content.publication_date
    year = content.publication_year or (day.year if day else None)
    identifiers = reference.identifiers or []
    known = {identifier.identifier_type: str(identifier.identifier) for identifier in reversed(identifiers)}
    others = [identifier for identifier in identifiers if isinstance(identifier, OtherIdentifier)]
    places = [place for locations in find_contents(reference, LocationSet) for place in locations.locations]
    urls = [url for place in places for url in (place.landing_page_url, place.pdf_url) if url]
    return Record(
        file=file,
        line=line,
        format=Format.JSONL,
        type=_TYPES.get(venue.venue_type or "", ""),
        title=content.title or "",
        abstract=abstract.abstract if abstract else "",
        authors=tuple(author.display_name for author in authors),
        orcids=tuple(author.orcid for author in authors),
        year=str(year or ""),
        date=day.isoformat() if day else "",
        journal=venue.display_name or "",
        volume=pages.volume or "",
        issue=pages.issue or "",
        first_page=pages.first_page or "",
        last_page=pages.last_page or "",
        publisher=content.publisher or "",
        issns=tuple(venue.issn or ()),
        doi=known.get("doi", ""),
        pm_id=known.get("pm_id", ""),
        open_alex=known.get("open_alex", ""),
        other_ids=tuple((other.other_identifier_name, other.identifier) for other in others),
        urls=tuple(dict.fromkeys(urls)),
        cited_by_count=content.cited_by_count,
    )


def find_contents(reference: Reference | ReferenceFileInput, kind: type[Content]) -> Iterator[Content]:
    """Yield the contents of one kind of the enhancements."""
    return (found.content for found in reference.enhancements or () if isinstance(found.content, kind))
