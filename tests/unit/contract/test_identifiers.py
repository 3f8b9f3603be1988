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


VALID = [
    doi(DOI),
    {"identifier_type": "pm_id", "identifier": 12345},
    {"identifier_type": "open_alex", "identifier": "W2741809807"},
    {"identifier_type": "other", "identifier": "", "other_identifier_name": "Nagtegaal_2019"},
    {"identifier_type": "other", "identifier": "a / \\ ? # 文", "other_identifier_name": "ż"},
]


def test_the_examples_cover_every_type() -> None:
    assert {item["identifier_type"] for item in VALID} == set(IdentifierType)


@pytest.mark.parametrize("sent", VALID)
def test_an_identifier_is_read_and_written_unchanged(sent: dict[str, Any]) -> None:
    assert json.loads(read(sent).model_dump_json(exclude_unset=True)) == sent
    assert json.loads(read({**sent, "unknown": 1}).model_dump_json()) == sent


@pytest.mark.parametrize("sent", VALID)
def test_every_field_is_required(sent: dict[str, Any]) -> None:
    for missing in sent:
        with pytest.raises(ValidationError):
            read({name: value for name, value in sent.items() if name != missing})


@pytest.mark.parametrize(
    "sent",
    [
        doi(10.1000),
        doi(None),
        doi([DOI]),
        {"identifier_type": "pm_id", "identifier": "12345"},
        {"identifier_type": "pm_id", "identifier": 1.0},
        {"identifier_type": "pm_id", "identifier": True},
        {"identifier_type": "pm_id", "identifier": 0},
        {"identifier_type": "pm_id", "identifier": -1},
        {"identifier_type": "open_alex", "identifier": 2741809807},
        {"identifier_type": "open_alex", "identifier": "2741809807"},
        {"identifier_type": "open_alex", "identifier": "w1"},
        {"identifier_type": "open_alex", "identifier": "W"},
        {"identifier_type": "open_alex", "identifier": "W1 "},
        {"identifier_type": "open_alex", "identifier": "W1\n"},
        {"identifier_type": "open_alex", "identifier": "W\uff11\uff12\uff13"},
        {"identifier_type": "open_alex", "identifier": "https://openalex.org/W1"},
        {"identifier_type": "other", "identifier": 1, "other_identifier_name": "n"},
        {"identifier_type": "other", "identifier": "1", "other_identifier_name": 7},
        {"identifier_type": "isbn", "identifier": "1"},
        {"identifier_type": None, "identifier": "1"},
    ],
)
def test_an_invalid_identifier_is_refused_and_not_converted(sent: dict[str, Any]) -> None:
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
        f"https://dx.doi.org/{DOI}",
        f"http://www.doi.org/{DOI}",
        f"HTTP://DOI.ORG/{DOI}",
        f"doi:{DOI}",
        f"DOI: {DOI}",
    ],
)
def test_the_resolver_and_outer_white_space_are_removed_from_a_doi(pasted: str) -> None:
    assert read(doi(pasted)).identifier == DOI


@pytest.mark.parametrize(
    "valid",
    [
        "10.1234/a",
        "10.123456789/a",
        "10.1002/(SICI)1097-0258(19980815/30)17:15/16<1661::AID-SIM968>3.0.CO;2-2",
        "10.1000/-._;()/:aZ09%<>[]+&",
        "10.1000/10.1000/1",
    ],
)
def test_a_doi_may_contain_every_allowed_character(valid: str) -> None:
    assert read(doi(valid)).identifier == valid


@pytest.mark.parametrize(
    "invalid",
    [
        "",
        "10.1000/",
        "10.123/a",
        "10.1234567890/a",
        "11.1000/a",
        "10,1000/a",
        "10.1000",
        "doi:doi:10.1000/182",
        "https://doi.org.example/10.1000/182",
        "10.\u0661\u0662\u0663\u0664/abc",
        "https://example.org/10.1000/182",
        "10.1000/a b",
        "10.1000/a\nb",
        "10.1000/ż",
        '10.1000/"a"',
        "10.1000/a?b",
        "x10.1000/a",
    ],
)
def test_an_invalid_doi_is_refused(invalid: str) -> None:
    with pytest.raises(ValidationError):
        read(doi(invalid))


@settings(max_examples=50, deadline=None)
@given(st.from_regex(r"10\.[0-9]{4,9}/[-._;()/:a-zA-Z0-9%<>\[\]+&]+", fullmatch=True), st.sampled_from(["", " ", "\n"]))
def test_a_cleaned_doi_is_not_changed_again(clean: str, blank: str) -> None:
    once = read(doi(f"{blank}https://doi.org/{clean}{blank}"))
    assert isinstance(once, DOIIdentifier)
    assert once.identifier == clean
    assert read(json.loads(once.model_dump_json())) == once
