import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from exchange.contract.identifiers import DOIIdentifier, ExternalIdentifier, IdentifierType

IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)
DOI = "10.1000/182"


def read(sent: dict[str, Any]) -> ExternalIdentifier:
    return IDENTIFIER.validate_json(json.dumps(sent), strict=True)


def doi(identifier: Any) -> dict[str, Any]:
    return {"identifier_type": "doi", "identifier": identifier}


RIGHT = [
    doi(DOI),
    {"identifier_type": "pm_id", "identifier": 12345},
    {"identifier_type": "open_alex", "identifier": "W2741809807"},
    {"identifier_type": "other", "identifier": "", "other_identifier_name": "Nagtegaal_2019"},
    {"identifier_type": "other", "identifier": "a / \\ ? # 文", "other_identifier_name": "ż"},
]


def test_there_is_one_of_each_kind() -> None:
    assert {item["identifier_type"] for item in RIGHT} == set(IdentifierType)


@pytest.mark.parametrize("sent", RIGHT)
def test_it_comes_back_field_for_field(sent: dict[str, Any]) -> None:
    assert json.loads(read(sent).model_dump_json(exclude_unset=True)) == sent
    assert json.loads(read({**sent, "unknown": 1}).model_dump_json()) == sent


@pytest.mark.parametrize("sent", RIGHT)
def test_no_field_can_be_left_out(sent: dict[str, Any]) -> None:
    for left_out in sent:
        with pytest.raises(ValidationError):
            read({name: value for name, value in sent.items() if name != left_out})


@pytest.mark.parametrize(
    "sent",
    [
        doi(10.1000),
        doi(None),
        doi([DOI]),
        {"identifier_type": "pm_id", "identifier": "12345"},
        {"identifier_type": "pm_id", "identifier": 1.0},
        {"identifier_type": "pm_id", "identifier": True},
        {"identifier_type": "open_alex", "identifier": 2741809807},
        {"identifier_type": "open_alex", "identifier": "2741809807"},
        {"identifier_type": "open_alex", "identifier": "w1"},
        {"identifier_type": "open_alex", "identifier": "W"},
        {"identifier_type": "open_alex", "identifier": "W1 "},
        {"identifier_type": "open_alex", "identifier": "W1\n"},
        {"identifier_type": "open_alex", "identifier": "https://openalex.org/W1"},
        {"identifier_type": "other", "identifier": 1, "other_identifier_name": "n"},
        {"identifier_type": "other", "identifier": "1", "other_identifier_name": 7},
        {"identifier_type": "isbn", "identifier": "1"},
        {"identifier_type": None, "identifier": "1"},
    ],
)
def test_a_wrong_value_is_refused_and_not_converted(sent: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(sent)


@pytest.mark.parametrize(
    "pasted",
    [
        f"http://doi.org/{DOI}",
        f"https://doi.org/{DOI}",
        f"  {DOI}\n",
        f"\t https://doi.org/{DOI} ",
        f"https://doi.org/ {DOI}",
    ],
)
def test_the_resolver_and_outer_blanks_are_dropped_from_a_doi(pasted: str) -> None:
    assert read(doi(pasted)).identifier == DOI


@pytest.mark.parametrize(
    "right",
    [
        "10.1234/a",
        "10.123456789/a",
        "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
        "10.1000/-._;()/:aZ09%<>[]+&",
        "10.1000/10.1000/1",
    ],
)
def test_a_doi_may_have_every_mark_that_is_allowed(right: str) -> None:
    assert read(doi(right)).identifier == right


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "10.1000/",
        "10.123/a",
        "10.1234567890/a",
        "11.1000/a",
        "10,1000/a",
        "10.1000",
        "doi:10.1000/182",
        "https://dx.doi.org/10.1000/182",
        "https://example.org/10.1000/182",
        "10.1000/a b",
        "10.1000/a\nb",
        "10.1000/ż",
        '10.1000/"a"',
        "10.1000/a?b",
        "x10.1000/a",
    ],
)
def test_what_is_no_doi_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        read(doi(wrong))


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"10\.[0-9]{4,9}/[-._;()/:a-zA-Z0-9%<>\[\]+&]+", fullmatch=True), st.sampled_from(["", " ", "\n"]))
def test_cleaning_a_clean_doi_changes_nothing(clean: str, blank: str) -> None:
    once = read(doi(f"{blank}https://doi.org/{clean}{blank}"))
    assert isinstance(once, DOIIdentifier)
    assert once.identifier == clean
    assert read(json.loads(once.model_dump_json())) == once
