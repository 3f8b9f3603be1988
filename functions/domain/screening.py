"""A quick look at a result's line: what it lets through is certainly valid, and most lines are.

What it lets through is read as the contract's model reads it, and written in the same bytes (tests hold the two
against each other). Of all else it says nothing: the model decides, and it alone words what is wrong. So these
structures may be narrower than the contract, never wider, and where the two parsers differ they are narrower: unknown
fields, which are skipped unchecked; numbers that are written in another form or can't be kept; nested data; ids that
are not spelled as we write them.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, MsgspecError, Struct, UnsetType
from msgspec import Meta as Limit
from msgspec.json import Decoder, Encoder

from functions.contract.base import LARGEST_INTEGER, checked_url

_Day = date
# What the two parsers raise, and the check of URLs.
_UNCERTAIN = (MsgspecError, ValueError, RecursionError)

_Id = Annotated[str, Limit(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]
# A whole number past the limit becomes a double at or past it.
_Number = Annotated[float, Limit(gt=-LARGEST_INTEGER, lt=LARGEST_INTEGER)]
_Whole = Annotated[int, Limit(gt=-LARGEST_INTEGER, lt=LARGEST_INTEGER)]
_Scalar = str | bool | _Whole | _Number | None
_Nested = _Scalar | list[_Scalar] | dict[str, _Scalar]
_Data = dict[str, _Scalar | list[_Nested] | dict[str, _Nested]]


class _Object(Struct, forbid_unknown_fields=True, gc=False):
    """A JSON object, whose fields are in the order of the contract's model."""


class _BooleanAnnotation(_Object, tag_field="annotation_type", tag="boolean"):
    scheme: str
    label: str
    value: bool
    score: _Number | UnsetType | None = UNSET
    data: _Data | UnsetType = UNSET


class _ScoreAnnotation(_Object, tag_field="annotation_type", tag="score"):
    scheme: str
    label: str
    score: _Number
    data: _Data | UnsetType = UNSET


class _AnnotationSet(_Object, tag_field="enhancement_type", tag="annotation"):
    annotations: Annotated[list[_BooleanAnnotation | _ScoreAnnotation], Limit(min_length=1)]


class _Abstract(_Object, tag_field="enhancement_type", tag="abstract"):
    process: Literal["uninverted", "closed_api", "other"]
    abstract: str


class _Authorship(_Object):
    display_name: str
    orcid: str
    position: Literal["first", "middle", "last"]


class _Bibliographic(_Object, tag_field="enhancement_type", tag="bibliographic"):
    authorship: list[_Authorship] | UnsetType | None = UNSET
    cited_by_count: _Whole | UnsetType | None = UNSET
    created_date: _Day | UnsetType | None = UNSET
    publication_date: _Day | UnsetType | None = UNSET
    publication_year: _Whole | UnsetType | None = UNSET
    publisher: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET


class _Location(_Object):
    is_oa: bool | UnsetType | None = UNSET
    version: Literal["publishedVersion", "acceptedVersion", "submittedVersion", "other"] | UnsetType | None = UNSET
    landing_page_url: str | UnsetType | None = UNSET
    pdf_url: str | UnsetType | None = UNSET
    license: str | UnsetType | None = UNSET
    extra: _Data | UnsetType | None = UNSET


class _LocationSet(_Object, tag_field="enhancement_type", tag="location"):
    locations: Annotated[list[_Location], Limit(min_length=1)]


class ScreenedEnhancement(_Object, kw_only=True):
    """A valid enhancement, if its reference's id is one: that is seen where it is looked up."""

    id: _Id | UnsetType | None = UNSET
    reference_id: str
    source: str
    visibility: Literal["public", "restricted", "hidden"]
    robot_version: str | UnsetType | None = UNSET
    derived_from: list[_Id] | UnsetType | None = UNSET
    content: _Bibliographic | _Abstract | _AnnotationSet | _LocationSet

    def fields(self) -> bytes:
        """Give its fields but the id as JSON."""
        return _written(self)


class ScreenedError(_Object):
    """A valid robot error, with the same reservation."""

    message: str
    reference_id: str


_read_error = Decoder(ScreenedError).decode
_read = Decoder(ScreenedEnhancement).decode
_written = Encoder().encode


def screen(line: bytes | None) -> ScreenedEnhancement | ScreenedError | None:
    """Give what a line certainly says, if its reference is one; None if it takes a closer look."""
    if line is None:
        return None
    try:
        entry = _read(line)
        if type(entry.content) is _LocationSet:
            _check_urls(entry.content)
    except _UNCERTAIN:
        return _screen_error(line)
    if entry.id is not UNSET:
        entry.id = UNSET
    return entry


def _screen_error(line: bytes) -> ScreenedError | None:
    try:
        return _read_error(line)
    except _UNCERTAIN:
        return None


def _check_urls(content: _LocationSet) -> None:
    for location in content.locations:
        for url in (location.landing_page_url, location.pdf_url):
            if isinstance(url, str):
                checked_url(url)
