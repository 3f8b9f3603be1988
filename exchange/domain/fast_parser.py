"""A fast parser for the lines of a result. It accepts most valid lines and no invalid line.

Without it the whole flow of 25,000 references takes 1.13 times as long (`benchmarks/whole_flow.py`), and a line with
many small values takes ten times as long to validate (`benchmarks/growth.py`).

An accepted line is parsed as the contract's model parses it and is written as the same bytes. Tests compare the two.
For any other line the model decides, and it alone describes what is wrong. These structures may therefore accept less
than the contract, but never more. They accept less where the two parsers differ: unknown fields, which the model
ignores; numbers in another notation or out of range; deeply nested data; ids that are not in canonical form.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, MsgspecError, Struct, UnsetType
from msgspec import Meta as Limit
from msgspec.json import Decoder, Encoder

from exchange.contract.base import MAX_INTEGER, check_url
from exchange.contract.json_input import MAX_BRACKETS, has_too_many_brackets

_Day = date
# What the two parsers and the check of URLs raise.
_NOT_ACCEPTED = (MsgspecError, ValueError, RecursionError)

_Id = Annotated[str, Limit(pattern=r"\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")]
# An integer beyond the limit becomes a double at or beyond it.
_Number = Annotated[float, Limit(gt=-MAX_INTEGER, lt=MAX_INTEGER)]
_Whole = Annotated[int, Limit(gt=-MAX_INTEGER, lt=MAX_INTEGER)]
_Scalar = str | bool | _Whole | _Number | None
_Nested = _Scalar | list[_Scalar] | dict[str, _Scalar]
_Data = dict[str, _Scalar | list[_Nested] | dict[str, _Nested]]


class _Object(Struct, forbid_unknown_fields=True, gc=False):
    """A JSON object. Its fields are in the order of the contract's model."""


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


class _Pagination(_Object):
    volume: str | UnsetType | None = UNSET
    issue: str | UnsetType | None = UNSET
    first_page: str | UnsetType | None = UNSET
    last_page: str | UnsetType | None = UNSET


class _PublicationVenue(_Object):
    display_name: str | UnsetType | None = UNSET
    venue_type: (
        Literal["journal", "repository", "conference", "ebook_platform", "book_series", "other"] | UnsetType | None
    ) = UNSET
    issn: list[str] | UnsetType | None = UNSET
    issn_l: str | UnsetType | None = UNSET
    host_organization_name: str | UnsetType | None = UNSET


class _Bibliographic(_Object, tag_field="enhancement_type", tag="bibliographic"):
    authorship: list[_Authorship] | UnsetType | None = UNSET
    cited_by_count: _Whole | UnsetType | None = UNSET
    created_date: _Day | UnsetType | None = UNSET
    publication_date: _Day | UnsetType | None = UNSET
    publication_year: _Whole | UnsetType | None = UNSET
    publisher: str | UnsetType | None = UNSET
    title: str | UnsetType | None = UNSET
    updated_date: _Day | UnsetType | None = UNSET
    pagination: _Pagination | UnsetType | None = UNSET
    publication_venue: _PublicationVenue | UnsetType | None = UNSET


class _Location(_Object):
    is_oa: bool | UnsetType | None = UNSET
    version: Literal["publishedVersion", "acceptedVersion", "submittedVersion", "other"] | UnsetType | None = UNSET
    landing_page_url: str | UnsetType | None = UNSET
    pdf_url: str | UnsetType | None = UNSET
    license: str | UnsetType | None = UNSET
    extra: _Data | UnsetType | None = UNSET


class _LocationSet(_Object, tag_field="enhancement_type", tag="location"):
    locations: Annotated[list[_Location], Limit(min_length=1)]


class FastEnhancement(_Object, kw_only=True):
    """A valid enhancement. `reference_id` is not checked here: the lookup in the manifest does that."""

    id: _Id | UnsetType | None = UNSET
    reference_id: str
    source: str
    visibility: Literal["public", "restricted", "hidden"]
    robot_version: str | UnsetType | None = UNSET
    derived_from: list[_Id] | UnsetType | None = UNSET
    content: _Bibliographic | _Abstract | _AnnotationSet | _LocationSet

    def to_json(self, robot_version: str | None) -> bytes:
        """Return all fields except the id as JSON, with this version if the enhancement does not name one."""
        if robot_version is not None and not isinstance(self.robot_version, str):
            self.robot_version = robot_version
        return _encode(self)


class FastRobotError(_Object):
    """A valid robot error. `reference_id` is not checked here."""

    message: str
    reference_id: str


_decode_error = Decoder(FastRobotError).decode
_decode = Decoder(FastEnhancement).decode
_encode = Encoder().encode


def parse_fast(line: bytes | None) -> FastEnhancement | FastRobotError | None:
    """Parse a line. Return None if the contract's model has to decide."""
    # The length is compared here too, because a call for each line would take longer.
    if line is None or (len(line) > MAX_BRACKETS and has_too_many_brackets(line)):
        return None
    try:
        entry = _decode(line)
        if type(entry.content) is _LocationSet:
            _check_urls(entry.content)
    except _NOT_ACCEPTED:
        return _parse_error(line)
    if entry.id is not UNSET:
        entry.id = UNSET
    return entry


def _parse_error(line: bytes) -> FastRobotError | None:
    try:
        return _decode_error(line)
    except _NOT_ACCEPTED:
        return None


def _check_urls(content: _LocationSet) -> None:
    for location in content.locations:
        for url in (location.landing_page_url, location.pdf_url):
            if isinstance(url, str):
                check_url(url)
