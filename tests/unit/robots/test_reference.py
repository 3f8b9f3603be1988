from collections.abc import Mapping

import pytest

from exchange.robots import Reference
from exchange.robots.reference import Needs, parse_reference

BIBLIOGRAPHIC = {"enhancement_type": "bibliographic", "title": "A title", "publication_year": 2019}
ABSTRACT = {"enhancement_type": "abstract", "abstract": "A text"}


def make_reference(*contents: Mapping[str, object]) -> Reference:
    enhancements = [{"id": str(number), "content": content} for number, content in enumerate(contents)]
    return Reference({"id": "1", "enhancements": enhancements, "identifiers": [{"identifier_type": "doi"}]})


def test_the_newest_value_that_is_not_empty_is_found() -> None:
    older = {**BIBLIOGRAPHIC, "title": "An older title"}
    reference = make_reference({**BIBLIOGRAPHIC, "title": ""}, ABSTRACT, BIBLIOGRAPHIC, older)
    assert (reference.id, reference.title, reference.abstract, reference.year) == ("1", "A title", "A text", 2019)
    assert len(reference.enhancements) == 4


def test_a_reference_may_have_nothing() -> None:
    reference = parse_reference(b'{"id": "1", "enhancements": null}')
    assert (reference.title, reference.abstract, reference.year) == (None, None, None)
    assert reference.enhancements == reference.identifiers == []


@pytest.mark.parametrize("line", [b"[]", b"{", b"\xff"])
def test_a_line_that_is_not_an_object_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_reference(line)


def test_only_what_a_robot_needs_counts_as_used_and_is_selected() -> None:
    reference = make_reference(BIBLIOGRAPHIC, ABSTRACT)
    assert Needs(["abstract", "pm_id"]).list_used(reference) == ["1"]
    selected = Needs(["abstract", "pm_id"]).select(reference.raw)
    assert [each["content"] for each in selected["enhancements"]] == [ABSTRACT]
    assert selected["identifiers"] == []
    assert Needs(["doi"]).select(reference.raw)["identifiers"] == [{"identifier_type": "doi"}]


@pytest.mark.parametrize("names", [["abstracts"], ["abstract", "DOI"], "abstract"])
def test_an_unknown_need_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="needs must be a list of bibliographic, abstract, "):
        Needs(names)
