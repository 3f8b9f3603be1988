"""Random references and enhancements, as JSON documents."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import provisional
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from exchange.contract.base import MAX_INTEGER, HttpUrlText
from exchange.contract.enhancements import (
    AbstractProcess,
    AuthorPosition,
    DriverVersion,
    PublicationVenueType,
    Visibility,
)
from tests.sdk.documents import TWO, Json

_URL: TypeAdapter[str] = TypeAdapter(HttpUrlText)


def _is_url(text: str) -> bool:
    try:
        _URL.validate_python(text)
    except ValidationError:
        return False
    return True


def _object(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Json]:
    """Return a strategy for objects. Each optional field is present, null or absent."""
    return st.fixed_dictionaries(required, optional={name: st.none() | value for name, value in optional.items()})


# Longer texts find no more faults and take longer.
_text = st.text(max_size=20)
_ids = st.uuids(version=4).map(str)
_integers = st.integers(-MAX_INTEGER, MAX_INTEGER)
_floats = st.floats(allow_nan=False, allow_infinity=False)
# Release 0.1.0 accepts dates in the past only.
_dates = st.dates(max_value=datetime(2024, 12, 31, tzinfo=UTC).date()).map(str)
_urls = provisional.urls().filter(_is_url)
_visibilities = st.sampled_from([member.value for member in Visibility])
_values = st.recursive(
    st.none() | st.booleans() | _integers | _floats | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
)
_objects = st.dictionaries(_text, _values, max_size=3)

_author = _object(
    {"display_name": _text, "orcid": _text, "position": st.sampled_from([member.value for member in AuthorPosition])}
)
_pagination = _object({}, volume=_text, issue=_text, first_page=_text, last_page=_text)
_venue = _object(
    {},
    display_name=_text,
    venue_type=st.sampled_from([member.value for member in PublicationVenueType]),
    issn=st.lists(_text, max_size=2),
    issn_l=_text,
    host_organization_name=_text,
)
_bibliographic = _object(
    {"enhancement_type": st.just("bibliographic")},
    authorship=st.lists(_author, max_size=2),
    cited_by_count=_integers,
    created_date=_dates,
    publication_date=_dates,
    publication_year=_integers,
    publisher=_text,
    title=_text,
    updated_date=_dates,
    pagination=_pagination,
    publication_venue=_venue,
)
_abstract = _object(
    {
        "enhancement_type": st.just("abstract"),
        "process": st.sampled_from([member.value for member in AbstractProcess]),
        "abstract": _text,
    }
)
# Release 0.1.0 requires `data`. Other tests cover that the others do not.
_boolean = _object(
    {
        "annotation_type": st.just("boolean"),
        "scheme": _text,
        "label": _text,
        "value": st.booleans(),
        "data": _objects,
    },
    score=_floats,
)
_score = _object(
    {"annotation_type": st.just("score"), "scheme": _text, "label": _text, "score": _floats, "data": _objects}
)
_annotations = _object(
    {
        "enhancement_type": st.just("annotation"),
        "annotations": st.lists(_boolean | _score, min_size=1, max_size=2),
    }
)
_location = _object(
    {},
    is_oa=st.booleans(),
    version=st.sampled_from([member.value for member in DriverVersion]),
    landing_page_url=_urls,
    pdf_url=_urls,
    license=_text,
    extra=_objects,
)
_locations = _object(
    {"enhancement_type": st.just("location"), "locations": st.lists(_location, min_size=1, max_size=2)}
)

enhancements = _object(
    {
        "reference_id": st.just(TWO),
        "source": _text,
        "visibility": _visibilities,
        "content": _bibliographic | _abstract | _annotations | _locations,
    },
    id=_ids,
    robot_version=_text,
    derived_from=st.lists(_ids, max_size=2),
)

_identifiers = st.one_of(
    _object(
        {
            "identifier_type": st.just("doi"),
            "identifier": st.from_regex(r"10\.[0-9]{4,9}/[-._;()/:a-zA-Z0-9%<>\[\]+&]{1,20}", fullmatch=True),
        }
    ),
    _object({"identifier_type": st.just("pm_id"), "identifier": st.integers(1, MAX_INTEGER)}),
    _object({"identifier_type": st.just("open_alex"), "identifier": st.from_regex(r"W[0-9]{1,12}", fullmatch=True)}),
    _object({"identifier_type": st.just("other"), "identifier": _text, "other_identifier_name": _text}),
)
references = st.fixed_dictionaries(
    {"id": st.just(TWO), "visibility": _visibilities},
    optional={
        "identifiers": st.none() | st.lists(_identifiers, max_size=2),
        "enhancements": st.none() | st.lists(enhancements, max_size=2),
    },
)
