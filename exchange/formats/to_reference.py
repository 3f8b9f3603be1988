"""From a record to the reference that the exchange loads.

The contract has no field for the language, the keywords and the notes of a record, and none for what only its format
has. They stay in the record, from which `write_references` writes them again.
"""

from collections.abc import Callable, Iterator
from datetime import date

from pydantic import ValidationError

from exchange.contract.enhancements import (
    Abstract,
    AbstractProcess,
    AnnotationSet,
    AuthorPosition,
    Authorship,
    Bibliographic,
    BooleanAnnotation,
    EnhancementContent,
    EnhancementType,
    Location,
    LocationSet,
    Pagination,
    PublicationVenue,
    PublicationVenueType,
    Visibility,
)
from exchange.contract.identifiers import (
    DOIIdentifier,
    ExternalIdentifier,
    OpenAlexIdentifier,
    OtherIdentifier,
    PubMedIdentifier,
)
from exchange.contract.references import EnhancementFileInput, ReferenceFileInput
from exchange.domain.loading import find_load_fault
from exchange.formats.record import Fault, Format, Reading, Record

# The annotation for a label, relevant or irrelevant, that a file already has.
SCREENING_SCHEME = "screening"
SCREENING_LABEL = "included"

_VENUE_TYPES = {"JOUR": PublicationVenueType.JOURNAL, "CONF": PublicationVenueType.CONFERENCE}
_MAX_SHOWN_CHARACTERS = 60


def make_reading(record: Record, source: str, visibility: Visibility) -> Reading | Fault:
    """Return the record with its reference. A fault if it has nothing that could be loaded.

    `source` is the source of the enhancements.
    """
    warnings: list[str] = []
    contents: list[EnhancementContent] = [
        *_describe(record),
        *_abstract(record),
        *_screening(record),
        *_locations(record, warnings),
    ]
    reference = ReferenceFileInput(
        visibility=visibility,
        identifiers=_identifiers(record, warnings) or None,
        enhancements=[_wrap(content, source, visibility) for content in contents] or None,
    )
    if not reference.identifiers and not record.title and not record.abstract:
        return Fault(record.file, record.line, "The record has no title, no abstract and no valid identifier.")
    if fault := find_load_fault(reference):
        return Fault(record.file, record.line, fault)
    return Reading(record, reference, tuple(warnings))


def _wrap(content: EnhancementContent, source: str, visibility: Visibility) -> EnhancementFileInput:
    return EnhancementFileInput(
        source=source,
        visibility=visibility,
        enhancement_type=EnhancementType(content.enhancement_type),
        content=content,
    )


def _identifiers(record: Record, warnings: list[str]) -> list[ExternalIdentifier]:
    """Return the identifiers that are valid, and add a warning for each other one."""
    found: list[ExternalIdentifier] = []

    def add(name: str, value: str, make: Callable[[str], ExternalIdentifier]) -> None:
        try:
            found.append(make(value))
        except (ValidationError, ValueError):
            warnings.append(f"The {name} {_shorten(value)} is not valid and was left out.")

    if record.doi:
        add("DOI", record.doi, lambda doi: DOIIdentifier(identifier_type="doi", identifier=doi))
    if record.pm_id:
        add("PubMed ID", record.pm_id, lambda number: PubMedIdentifier(identifier_type="pm_id", identifier=int(number)))
    if record.open_alex:
        add("OpenAlex ID", record.open_alex, _make_open_alex)
    found += [
        OtherIdentifier(identifier_type="other", identifier=identifier, other_identifier_name=name)
        for name, identifier in record.other_ids
    ]
    return found


def _make_open_alex(identifier: str) -> OpenAlexIdentifier:
    return OpenAlexIdentifier(identifier_type="open_alex", identifier=identifier)


def _shorten(value: str) -> str:
    return repr(value if len(value) <= _MAX_SHOWN_CHARACTERS else f"{value[:_MAX_SHOWN_CHARACTERS]}...")


def _describe(record: Record) -> Iterator[Bibliographic]:
    pages = (record.volume, record.issue, record.first_page, record.last_page)
    volume, issue, first_page, last_page = (value or None for value in pages)
    content = Bibliographic(
        enhancement_type="bibliographic",
        title=record.title or None,
        authorship=list(_authors(record)) or None,
        publication_year=int(record.year) if record.year.isdecimal() else None,
        publication_date=date.fromisoformat(record.date) if record.date else None,
        publisher=record.publisher or None,
        cited_by_count=record.cited_by_count,
        pagination=Pagination(volume=volume, issue=issue, first_page=first_page, last_page=last_page)
        if any(pages)
        else None,
        publication_venue=PublicationVenue(
            display_name=record.journal or None,
            venue_type=_VENUE_TYPES.get(record.type) if record.journal else None,
            issn=list(record.issns) or None,
        )
        if record.journal or record.issns
        else None,
    )
    if content != Bibliographic(enhancement_type="bibliographic"):
        yield content


def _authors(record: Record) -> Iterator[Authorship]:
    last = len(record.authors) - 1
    for number, name in enumerate(record.authors):
        is_last = number == last
        position = AuthorPosition.FIRST if number == 0 else AuthorPosition.LAST if is_last else AuthorPosition.MIDDLE
        orcid = record.orcids[number] if number < len(record.orcids) else ""
        yield Authorship(display_name=name, orcid=orcid, position=position)


def _abstract(record: Record) -> Iterator[Abstract]:
    if record.abstract:
        is_inverted = record.format is Format.OPENALEX
        process = AbstractProcess.UNINVERTED if is_inverted else AbstractProcess.OTHER
        yield Abstract(enhancement_type="abstract", process=process, abstract=record.abstract)


def _screening(record: Record) -> Iterator[AnnotationSet]:
    if record.included is not None:
        annotation = BooleanAnnotation(
            annotation_type="boolean", scheme=SCREENING_SCHEME, label=SCREENING_LABEL, value=record.included
        )
        yield AnnotationSet(enhancement_type="annotation", annotations=[annotation])


def _locations(record: Record, warnings: list[str]) -> Iterator[LocationSet]:
    locations = []
    for url in record.urls:
        try:
            locations.append(Location(landing_page_url=url))
        except ValidationError:
            warnings.append(f"The address {_shorten(url)} is not an http or https URL and was left out.")
    if locations:
        yield LocationSet(enhancement_type="location", locations=locations)
