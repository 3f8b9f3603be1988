import json
import re

import pytest

from exchange.compare.catalogue import Catalogue
from exchange.compare.labels import Decision, Label, Labelling, LabelPair, find_pair
from exchange.domain.errors import InputRejected
from tests.unit.compare.sides import Json, boolean, make_enhancement, make_id, make_title, read_side, scored, to_line

X = Label("topic", "x")
DOI = {"identifier_type": "doi", "identifier": "10.1000/ABC"}


def make_reference(*enhancements: Json, number: int | None = None, identifiers: list[Json] | None = None) -> bytes:
    named = {} if number is None else {"id": make_id(number)}
    return to_line({**named, "identifiers": identifiers or [], "enhancements": enhancements})


def test_a_boolean_decides_and_a_score_decides_by_the_threshold() -> None:
    annotations = {
        1: [boolean("x", value=False, score=0.9, data={"why": "it"})],
        2: [scored("x", 0.7)],
        3: [scored("x", 0.69)],
    }
    side = read_side("robot", annotations, threshold=0.7)
    assert side.decisions[X] == {
        make_id(1): Decision(value=False, score=0.9, data={"why": "it"}),
        make_id(2): Decision(value=True, score=0.7),
        make_id(3): Decision(value=False, score=0.69),
    }


def test_a_reference_is_judged_for_the_scheme_of_any_annotation() -> None:
    side = read_side("robot", {1: [boolean("x")], 2: [boolean("y"), boolean("z", scheme="other")]})
    assert side.judged == {"topic": {make_id(1), make_id(2)}, "other": {make_id(2)}}


def test_the_first_annotation_of_a_label_counts() -> None:
    side = read_side("robot", {1: [boolean("x"), boolean("x", value=False), scored("x", 0.1)]})
    assert side.decisions[X][make_id(1)].value
    assert side.repeated == 2


def test_only_the_source_is_read_if_there_is_one() -> None:
    side = Labelling("people", source="people")
    line = make_reference(
        make_enhancement([boolean("x", value=False)]), make_enhancement([boolean("x")], "people"), number=1
    )
    side.read_references([line], Catalogue())
    assert side.decisions[X] == {make_id(1): Decision(value=True)}
    assert side.repeated == 0


def test_labels_without_ids_match_by_identifier() -> None:
    catalogue = Catalogue()
    catalogue.add_references([make_reference(make_title("A title"), number=1, identifiers=[DOI])])
    side = Labelling("people")
    same = {"identifier_type": "doi", "identifier": "https://doi.org/10.1000/abc"}
    other = {"identifier_type": "pm_id", "identifier": 7}
    labelled = make_enhancement([boolean("x")])
    lines = [
        make_reference(labelled, identifiers=[other, same]),
        make_reference(labelled, identifiers=[{"identifier_type": "pm_id", "identifier": 8}]),
        make_reference(labelled),
    ]
    side.read_references(lines, catalogue)
    assert set(side.decisions[X]) == {make_id(1), "pm_id '8'"}
    assert side.unidentified == 1
    assert catalogue.find_title(make_id(1)) == "A title"


def test_two_files_without_ids_match_by_identifier() -> None:
    catalogue = Catalogue()
    sides = Labelling("a"), Labelling("b")
    for side in sides:
        side.read_references([make_reference(make_enhancement([boolean("x")]), identifiers=[DOI])], catalogue)
    assert sides[0].decisions == sides[1].decisions


def test_references_with_ids_have_to_come_first() -> None:
    catalogue = Catalogue()
    catalogue.add_references([make_reference(identifiers=[DOI])])
    with pytest.raises(InputRejected, match=f"Reference {make_id(1)} .* Read the references with ids first"):
        catalogue.add_references([make_reference(number=1, identifiers=[DOI])])


def test_blank_lines_and_a_byte_order_mark_are_skipped() -> None:
    catalogue = Catalogue()
    catalogue.add_references([b"\xef\xbb\xbf" + make_reference(make_title("A title"), number=1), b"", b" \r"])
    assert catalogue.find_title(make_id(1)) == "A title"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{", "Line 2 is not valid: Invalid JSON"),
        (json.dumps({"reference_id": make_id(1)}).encode(), "Line 2 is not valid: source: Field required"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: bytes, fault: str) -> None:
    with pytest.raises(InputRejected, match=re.escape(fault)):
        Labelling("robot").read_enhancements([b"", line])


def test_a_pair_may_have_colons_and_equals_signs_in_its_names() -> None:
    a = read_side("people", {1: [boolean("in=cluded", scheme="screening:2019")]})
    b = read_side("robot", {1: [boolean("rct", scheme="a=b")]})
    pair = find_pair("screening:2019:in=cluded=a=b:rct", a, b)
    assert pair == LabelPair(Label("screening:2019", "in=cluded"), Label("a=b", "rct"))
    assert str(pair) == "screening:2019:in=cluded = a=b:rct"


def test_an_unknown_pair_names_the_labels_that_there_are() -> None:
    a, b = read_side("people", {1: [boolean("x")]}), Labelling("robot")
    expected = r"'topic:x=topic:y' .* label of people \(topic:x\) and a label of robot \(it has none\)"
    with pytest.raises(InputRejected, match=expected):
        find_pair("topic:x=topic:y", a, b)
