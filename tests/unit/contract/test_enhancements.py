import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from exchange.contract.enhancements import (
    AbstractProcess,
    AuthorPosition,
    Bibliographic,
    DriverVersion,
    Enhancement,
    EnhancementType,
    Visibility,
)

Json = dict[str, Any]

ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
AUTHOR = {"display_name": "Ż. Ółć", "orcid": "0000-0001-2345-6789", "position": "first"}
PAGINATION = {"volume": "12", "issue": "Spring", "first_page": "A1", "last_page": ""}
VENUE = {
    "display_name": "Revue",
    "venue_type": "journal",
    "issn": ["1234-5678"],
    "issn_l": "1234-5678",
    "host_organization_name": "A publisher",
}
BIBLIOGRAPHIC = {
    "enhancement_type": "bibliographic",
    "authorship": [AUTHOR, {**AUTHOR, "position": "last"}],
    "cited_by_count": 12,
    "created_date": "2020-02-29",
    "publication_date": "0999-12-31",
    "publication_year": 999,
    "publisher": "",
    "title": "T \u2028 文 \U0001f9ea",
    "updated_date": "2024-01-31",
    "pagination": PAGINATION,
    "publication_venue": VENUE,
}
ABSTRACT = {"enhancement_type": "abstract", "process": "uninverted", "abstract": "A\n\nB"}
BOOLEAN = {
    "annotation_type": "boolean",
    "scheme": "design",
    "label": "cohort",
    "value": False,
    "score": 0.1,
    "data": {"phrases": ["a", None], "n": {"x": 1.5}},
}
SCORE = {"annotation_type": "score", "scheme": "topic", "label": "nudging", "score": 0.75, "data": {"k": [1, {}]}}
LOCATION = {
    "is_oa": False,
    "version": "publishedVersion",
    "landing_page_url": "HTTPS://Example.org:443/a?q=%7e",
    "pdf_url": "http://example.org",
    "license": "cc-by",
    "extra": {"any": ["thing"]},
}
ENHANCEMENT = {
    "id": ONE,
    "reference_id": TWO,
    "source": "robot",
    "visibility": "restricted",
    "robot_version": "1.2",
    "derived_from": [ONE, TWO],
    "content": ABSTRACT,
}


def with_content(content: Json) -> Json:
    return {**ENHANCEMENT, "content": content}


class Part(NamedTuple):
    """An object in an enhancement with all its fields, and a function that puts such an object into an enhancement."""

    full: Json
    optional: set[str]
    place: Callable[[Json], Json]


PARTS = {
    "enhancement": Part(ENHANCEMENT, {"id", "robot_version", "derived_from"}, lambda part: part),
    "bibliographic": Part(BIBLIOGRAPHIC, set(BIBLIOGRAPHIC) - {"enhancement_type"}, with_content),
    "author": Part(AUTHOR, set(), lambda part: with_content({**BIBLIOGRAPHIC, "authorship": [AUTHOR, part]})),
    "abstract": Part(ABSTRACT, set(), with_content),
    "annotations": Part({"enhancement_type": "annotation", "annotations": [BOOLEAN, SCORE]}, set(), with_content),
    "boolean": Part(
        BOOLEAN, {"score", "data"}, lambda part: with_content({"enhancement_type": "annotation", "annotations": [part]})
    ),
    "score": Part(
        SCORE, {"data"}, lambda part: with_content({"enhancement_type": "annotation", "annotations": [SCORE, part]})
    ),
    "pagination": Part(PAGINATION, set(PAGINATION), lambda part: with_content({**BIBLIOGRAPHIC, "pagination": part})),
    "venue": Part(VENUE, set(VENUE), lambda part: with_content({**BIBLIOGRAPHIC, "publication_venue": part})),
    "locations": Part({"enhancement_type": "location", "locations": [LOCATION, {}]}, set(), with_content),
    "location": Part(
        LOCATION, set(LOCATION), lambda part: with_content({"enhancement_type": "location", "locations": [part]})
    ),
}
OPTIONAL = [(name, field) for name, part in PARTS.items() for field in sorted(part.optional)]
# A missing or null `orcid` is stored as the empty string.
FILLED = ("author", "orcid")
REQUIRED = [
    (name, field)
    for name, part in PARTS.items()
    for field in part.full
    if field not in part.optional and (name, field) != FILLED
]


def read(sent: Json) -> Enhancement:
    return Enhancement.model_validate_json(json.dumps(sent), strict=True)


def is_unchanged(sent: Json) -> bool:
    returned: Json = json.loads(read(sent).model_dump_json(exclude_unset=True))
    return returned == sent


def without(fields: Json, *names: str) -> Json:
    return {name: value for name, value in fields.items() if name not in names}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_an_object_with_all_or_only_required_fields_is_read_and_written_unchanged(part: Part) -> None:
    assert is_unchanged(part.place(part.full))
    assert is_unchanged(part.place(without(part.full, *part.optional)))


@pytest.mark.parametrize(("name", "field"), OPTIONAL)
def test_an_optional_field_may_be_left_out_or_null(name: str, field: str) -> None:
    part = PARTS[name]
    assert is_unchanged(part.place(without(part.full, field)))
    if field != "data":
        assert is_unchanged(part.place({**part.full, field: None}))


@pytest.mark.parametrize(("name", "field"), REQUIRED)
def test_a_required_field_must_be_present_and_not_null(name: str, field: str) -> None:
    part = PARTS[name]
    for wrong in (without(part.full, field), {**part.full, field: None}):
        with pytest.raises(ValidationError):
            read(part.place(wrong))


@pytest.mark.parametrize("author", [without(AUTHOR, "orcid"), {**AUTHOR, "orcid": None}])
def test_an_author_without_an_orcid_gets_an_empty_one_that_every_client_can_read(author: Json) -> None:
    content = read(PARTS["author"].place(author)).content
    assert isinstance(content, Bibliographic)
    assert content.authorship is not None
    assert json.loads(content.authorship[1].model_dump_json(exclude_unset=True)) == {**AUTHOR, "orcid": ""}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_unknown_fields_are_ignored(part: Part) -> None:
    unknown = read(part.place({**part.full, "unknown": {"deep": [1]}}))
    assert unknown == read(part.place(part.full))
    assert "unknown" not in unknown.model_dump_json()


WRONG = [
    ("enhancement", "id", "11111111-1111-1111-8111-111111111111"),
    ("enhancement", "id", 7),
    ("enhancement", "reference_id", "11111111-1111-7111-8111-111111111111"),
    ("enhancement", "source", 7),
    ("enhancement", "visibility", "secret"),
    ("enhancement", "robot_version", 1.2),
    ("enhancement", "derived_from", ONE),
    ("enhancement", "derived_from", ["11111111-1111-5111-8111-111111111111"]),
    ("enhancement", "content", {"enhancement_type": "nothing"}),
    ("enhancement", "content", [ABSTRACT]),
    ("bibliographic", "authorship", AUTHOR),
    ("bibliographic", "cited_by_count", "12"),
    ("bibliographic", "cited_by_count", 12.0),
    ("bibliographic", "cited_by_count", True),
    ("bibliographic", "created_date", "2021-02-29"),
    ("bibliographic", "created_date", "29.2.2020"),
    ("bibliographic", "created_date", "2020-02-29T00:00:00Z"),
    ("bibliographic", "created_date", 1582934400),
    ("bibliographic", "publication_date", "2020"),
    ("bibliographic", "publication_year", "1999"),
    ("bibliographic", "publisher", ["P"]),
    ("bibliographic", "title", 7),
    ("author", "display_name", 7),
    ("author", "orcid", 7),
    ("author", "position", "second"),
    ("abstract", "process", "inverted"),
    ("abstract", "abstract", {"A": [0]}),
    ("annotations", "annotations", []),
    ("annotations", "annotations", BOOLEAN),
    ("annotations", "annotations", [BOOLEAN, {**SCORE, "annotation_type": "text"}]),
    ("boolean", "value", 1),
    ("boolean", "value", "true"),
    ("boolean", "score", "0.1"),
    ("boolean", "score", True),
    ("boolean", "data", []),
    ("boolean", "scheme", 7),
    ("boolean", "label", False),
    ("score", "score", "0.1"),
    ("score", "score", True),
    ("score", "data", "text"),
    ("locations", "locations", []),
    ("locations", "locations", [7]),
    ("location", "is_oa", 0),
    ("location", "is_oa", "yes"),
    ("location", "version", "draft"),
    ("location", "landing_page_url", "example.org"),
    ("location", "pdf_url", "ftp://example.org"),
    ("location", "license", 4),
    ("location", "extra", ["thing"]),
]


@pytest.mark.parametrize(("name", "field", "value"), WRONG)
def test_a_value_of_the_wrong_type_is_refused_and_not_converted(name: str, field: str, value: object) -> None:
    part = PARTS[name]
    with pytest.raises(ValidationError):
        read(part.place({**part.full, field: value}))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Visibility, {"public", "restricted", "hidden"}),
        (EnhancementType, {"bibliographic", "abstract", "annotation", "location"}),
        (AuthorPosition, {"first", "middle", "last"}),
        (AbstractProcess, {"uninverted", "closed_api", "other"}),
        (DriverVersion, {"publishedVersion", "acceptedVersion", "submittedVersion", "other"}),
    ],
)
def test_the_values_are_the_published_ones(kind: type[StrEnum], values: set[str]) -> None:
    assert {item.value for item in kind} == values


def test_an_integer_is_a_valid_score() -> None:
    for score in (0, 1, -3):
        assert is_unchanged(PARTS["score"].place({**SCORE, "score": score}))


def test_an_integer_beyond_2_53_is_refused_from_clients_and_accepted_from_the_store() -> None:
    score = PARTS["score"].place({**SCORE, "score": 2**54})
    with pytest.raises(ValidationError, match="lose digits"):
        read(score)
    assert Enhancement.model_validate(score).model_dump()["content"] == score["content"]


def test_an_annotation_without_data_has_empty_data() -> None:
    annotation = PARTS["boolean"].place(without(BOOLEAN, "data"))
    content = read(annotation).model_dump()["content"]
    assert content["annotations"][0]["data"] == {}


@pytest.mark.parametrize("day", ["1582934400", "0", "20200229", "2020-W09-6", "2020-02-29T00:00:00", "2020-02-30", "x"])
def test_a_date_in_another_format_is_refused(day: str) -> None:
    with pytest.raises(ValidationError):
        Bibliographic.model_validate_json(
            json.dumps({"enhancement_type": "bibliographic", "created_date": day}), strict=True
        )
