"""Enhancements: what is known about a reference, and from which source."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import UUID4, BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from exchange.contract.base import MAX_INTEGER, HttpUrlText, WireModel


class Visibility(StrEnum):
    """Who may see a reference or an enhancement."""

    PUBLIC = "public"
    RESTRICTED = "restricted"
    HIDDEN = "hidden"


class EnhancementType(StrEnum):
    """The kinds of enhancements that a robot can depend on or deliver."""

    BIBLIOGRAPHIC = "bibliographic"
    ABSTRACT = "abstract"
    ANNOTATION = "annotation"
    LOCATION = "location"


class AuthorPosition(StrEnum):
    """The position of an author in the list of authors."""

    FIRST = "first"
    MIDDLE = "middle"
    LAST = "last"


_OPTIONAL_TEXT = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}], "default": ""})


class Authorship(WireModel):
    """One author of a reference. An unknown `orcid` is the empty string, which every published client can read."""

    display_name: str
    orcid: Annotated[str, _OPTIONAL_TEXT] = ""
    position: AuthorPosition

    @model_validator(mode="before")
    @classmethod
    def _fill_orcid(cls, fields: object) -> object:
        if isinstance(fields, dict) and fields.get("orcid") is None:
            return {**fields, "orcid": ""}
        return fields


def _parse_day(value: object) -> object:
    """Accept dates only. The parser would also accept seconds since the epoch and times."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("must be a date of the form YYYY-MM-DD")
    return date.fromisoformat(value)


Day = Annotated[date, BeforeValidator(_parse_day)]
"""A day, on the wire as `YYYY-MM-DD`."""


class Pagination(WireModel):
    """Where a reference is in its publication. Values are text, because some are not numbers ("Spring", "A1")."""

    volume: str | None = None
    issue: str | None = None
    first_page: str | None = None
    last_page: str | None = None


class PublicationVenueType(StrEnum):
    """The type of a publication venue."""

    JOURNAL = "journal"
    REPOSITORY = "repository"
    CONFERENCE = "conference"
    EBOOK_PLATFORM = "ebook_platform"
    BOOK_SERIES = "book_series"
    OTHER = "other"


class PublicationVenue(WireModel):
    """The journal, repository or conference in which a reference was published."""

    display_name: str | None = None
    venue_type: PublicationVenueType | None = None
    issn: list[str] | None = Field(None, fail_fast=True)
    issn_l: str | None = None
    host_organization_name: str | None = None


class Bibliographic(WireModel):
    """Bibliographic metadata. All of it is optional, because sources differ in what they know."""

    enhancement_type: Literal["bibliographic"]
    authorship: list[Authorship] | None = Field(None, fail_fast=True)
    cited_by_count: int | None = None
    created_date: Day | None = None
    publication_date: Day | None = None
    publication_year: int | None = None
    publisher: str | None = None
    title: str | None = None
    updated_date: Day | None = None
    pagination: Pagination | None = None
    publication_venue: PublicationVenue | None = None


class AbstractProcess(StrEnum):
    """How an abstract was obtained."""

    UNINVERTED = "uninverted"
    CLOSED_API = "closed_api"
    OTHER = "other"


class Abstract(WireModel):
    """The abstract of a reference."""

    enhancement_type: Literal["abstract"]
    process: AbstractProcess
    abstract: str


def _refuse_inexact(value: object, info: ValidationInfo) -> object:
    """Refuse an integer that a double cannot hold, because the store would return another number.

    Numbers from the store are accepted: it returns 6e16 as an integer.
    """
    if info.mode == "json" and isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("must not be an integer beyond 2^53, which would lose digits")
    return value


Score = Annotated[float, BeforeValidator(_refuse_inexact)]


class BooleanAnnotation(WireModel):
    """A label that applies to the reference or does not."""

    annotation_type: Literal["boolean"]
    scheme: str
    label: str
    value: bool
    score: Score | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class ScoreAnnotation(WireModel):
    """How strongly a label applies to the reference."""

    annotation_type: Literal["score"]
    scheme: str
    label: str
    score: Score
    data: dict[str, Any] = Field(default_factory=dict)


Annotation = Annotated[BooleanAnnotation | ScoreAnnotation, Field(discriminator="annotation_type")]


class AnnotationSet(WireModel):
    """At least one annotation."""

    enhancement_type: Literal["annotation"]
    annotations: list[Annotation] = Field(min_length=1, fail_fast=True)


class DriverVersion(StrEnum):
    """The version of a work at a location, as defined by the DRIVER guidelines."""

    PUBLISHED = "publishedVersion"
    ACCEPTED = "acceptedVersion"
    SUBMITTED = "submittedVersion"
    OTHER = "other"


class Location(WireModel):
    """A place where the reference can be found."""

    is_oa: bool | None = None
    version: DriverVersion | None = None
    landing_page_url: HttpUrlText | None = None
    pdf_url: HttpUrlText | None = None
    license: str | None = None
    extra: dict[str, Any] | None = None


class LocationSet(WireModel):
    """At least one location."""

    enhancement_type: Literal["location"]
    locations: list[Location] = Field(min_length=1, fail_fast=True)


EnhancementContent = Annotated[
    Bibliographic | Abstract | AnnotationSet | LocationSet, Field(discriminator="enhancement_type")
]


class Enhancement(WireModel):
    """One enhancement of one reference. The exchange sets its `id`. A value from a robot is replaced."""

    id: UUID4 | None = Field(None, description="Set by the exchange. A value from a robot is replaced.")
    reference_id: UUID4
    source: str = Field(description="What made the enhancement, for example the name of the robot.")
    visibility: Visibility
    robot_version: str | None = None
    derived_from: list[UUID4] | None = Field(
        None,
        fail_fast=True,
        description="Ids of the enhancements that this one was derived from. The exchange does not verify them.",
    )
    content: EnhancementContent
