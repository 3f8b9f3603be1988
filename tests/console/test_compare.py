"""The comparison in the browser returns what the comparison in Python returns."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.compare.catalogue import Catalogue
from exchange.compare.comparison import Absent, compare
from exchange.compare.definitions import DEFINITIONS, MACRO, MICRO, SOURCES
from exchange.compare.labels import Labelling, find_pair
from exchange.compare.ranking import estimate_ranking, rank
from exchange.compare.statistics import ConfusionTable, estimate_all, estimate_kappa
from exchange.domain.errors import InputRejected
from exchange.formats.tables import COLUMNS
from tests.console.expected import assert_same, describe_result
from tests.console.node import CallError, Modules
from tests.samples.references import FILE
from tests.unit.compare.samples import compare_samples, list_references, list_results
from tests.unit.compare.sides import AT, Json, boolean, make_enhancement, make_id, make_title, scored, to_line

# Texts that sort differently by UTF-16, that differ in case only, and that have the separators of pairs.
NAMES = ("a", "A", "ä", "é", "e\u0301", "", "x=y", "a:b", "b", "\U0001d4b3", "\uff61", "\u2028", "<script>")
SCHEMES = ("topic", "Topic", "a", "topic:a")
SCORES = (0, 0.1, 0.5, 0.49999999999999994, 0.9, 1, -1, 5e-324, 1e308, 1 / 3, -0.0)

schemes = st.sampled_from(SCHEMES)
labels = st.sampled_from(NAMES)
scores = st.sampled_from(SCORES)
annotations = st.one_of(
    st.builds(
        lambda scheme, label, value, score: boolean(label, value, score, scheme=scheme),
        *(schemes, labels, st.booleans(), st.none() | scores),
    ),
    st.builds(lambda scheme, label, score: scored(label, score, scheme=scheme), schemes, labels, scores),
)
sides = st.lists(st.tuples(st.integers(0, 7), st.lists(annotations, min_size=1, max_size=6)), max_size=10)
titles = st.dictionaries(st.integers(0, 7), labels)

Side = Sequence[tuple[int, list[Json]]]


def to_lines(side: Side) -> list[bytes]:
    return [to_line({**make_enhancement(found), "reference_id": make_id(number)}) for number, found in side]


def make_side(name: str, content: bytes, *, source: str | None = None, chunk: int = 7) -> Json:
    return {"name": name, "content": base64.b64encode(content).decode(), "source": source, "chunk": chunk}


def assert_agree(  # noqa: PLR0913 - what a comparison depends on
    modules: Modules,
    a: Sequence[bytes],
    b: Sequence[bytes],
    titles: Mapping[int, str] | None = None,
    *,
    mapping: Sequence[str] = (),
    absent: Absent = Absent.FALSE,
    threshold: float = 0.5,
    source: str | None = None,
) -> Json | str:
    """Fail if the comparisons of these lines differ. Return the result, or why there is none."""
    catalogue = Catalogue()
    catalogue.add_references(
        to_line({"id": make_id(number), "enhancements": [make_title(title)]})
        for number, title in (titles or {}).items()
    )
    people, robot = Labelling("people", threshold, source), Labelling("robot", threshold, source)
    values = {
        "a": make_side("people", b"\n".join(a), source=source),
        "b": make_side("robot", b"\n".join(b), source=source),
        "references": [
            {"id": make_id(number), "identifiers": [], "title": title} for number, title in (titles or {}).items()
        ],
        "mapping": list(mapping),
        "absent": str(absent),
        "threshold": threshold,
    }
    try:
        people.read_enhancements(a)
        robot.read_enhancements(b)
        pairs = [find_pair(text, people, robot) for text in mapping]
        expected = describe_result(compare(people, robot, catalogue, AT, mapping=pairs, absent=absent))
    except InputRejected as error:
        with pytest.raises(CallError) as refused:
            modules.call("compare", **values)
        message = str(error)
        assert str(refused.value) == message
        return message
    actual: Json = modules.call("compare", **values)
    assert_same(actual, expected)
    return actual


@given(st.tuples(sides, sides), titles, st.sampled_from(list(Absent)), st.sampled_from([0.5, 0.0, 1 / 3, 1.0]))
def test_random_labels(
    modules: Modules, both: tuple[Side, Side], titles: Mapping[int, str], absent: Absent, threshold: float
) -> None:
    a, b = map(to_lines, both)
    assert_agree(modules, a, b, titles, absent=absent, threshold=threshold)


@given(sides, sides, st.lists(st.tuples(schemes, labels, schemes, labels), min_size=1, max_size=3))
def test_random_pairs(modules: Modules, a: Side, b: Side, pairs: list[tuple[str, ...]]) -> None:
    mapping = [f"{scheme_a}:{label_a}={scheme_b}:{label_b}" for scheme_a, label_a, scheme_b, label_b in pairs]
    assert_agree(modules, to_lines(a), to_lines(b), mapping=mapping)


# Each reference has exactly one of three labels.
choices = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("xyz")), min_size=1, max_size=40)


@given(choices)
def test_labels_that_exclude_each_other(modules: Modules, chosen: list[tuple[str, str]]) -> None:
    a: Side = [(number, [boolean(label)]) for number, (label, _) in enumerate(chosen)]
    b: Side = [(number, [boolean(label)]) for number, (_, label) in enumerate(chosen)]
    result = assert_agree(modules, to_lines(a), to_lines(b))
    assert isinstance(result, dict)
    if len({label for pair in chosen for label in pair}) > 1:
        assert result["comparison"]["schemes"][0]["choices"] is not None


counts = st.integers(0, 3) | st.integers(0, 100_000)


@given(st.tuples(counts, counts, counts, counts))
def test_estimates_of_tables(modules: Modules, cells: tuple[int, int, int, int]) -> None:
    table = ConfusionTable(*cells)
    expected = {name: asdict(estimate) for name, estimate in estimate_all(table).items()}
    assert_same(modules.call("estimates", table=asdict(table)), expected)


@given(st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(counts, min_size=n, max_size=n), min_size=n, max_size=n)))
def test_kappa_of_tables(modules: Modules, rows: list[list[int]]) -> None:
    assert_same(modules.call("kappa", rows=rows), asdict(estimate_kappa(rows)))


@given(st.lists(st.tuples(st.booleans(), st.none() | scores | st.floats(0, 1)), max_size=60))
def test_rankings(modules: Modules, decisions: list[tuple[bool, float | None]]) -> None:
    expected = {name: asdict(estimate) for name, estimate in estimate_ranking(rank(decisions)).items()}
    assert_same(modules.call("ranking", decisions=decisions), expected)


def test_one_label_only(modules: Modules) -> None:
    side = to_lines([(number, [boolean("a")]) for number in range(3)])
    result = assert_agree(modules, side, side)
    assert isinstance(result, dict)
    estimates = result["comparison"]["labels"][0]["estimates"]
    assert estimates["kappa"] == estimates["specificity"] == {"value": None, "low": None, "high": None}
    assert estimates["agreement"]["value"] == 1


def test_no_reference_in_common(modules: Modules) -> None:
    result = assert_agree(modules, to_lines([(1, [boolean("a")])]), to_lines([(2, [boolean("a")])]))
    assert isinstance(result, dict)
    (label,) = result["comparison"]["labels"]
    assert (label["only_a"], label["only_b"]) == (1, 1)
    assert {estimate["value"] for estimate in label["estimates"].values()} == {None}


def test_nothing_to_compare(modules: Modules) -> None:
    message = assert_agree(modules, [], to_lines([(1, [boolean("a")])]))
    assert "people (schemes: none) and robot (schemes: topic) have no scheme in common" in message


def test_labels_that_differ_in_case_are_different(modules: Modules) -> None:
    result = assert_agree(modules, to_lines([(1, [boolean("A")])]), to_lines([(1, [boolean("a")])]))
    assert isinstance(result, dict)
    assert result["names"] == ["A", "a"]


def test_one_source_only(modules: Modules) -> None:
    lines = [
        to_line({**make_enhancement([boolean("a")], source), "reference_id": make_id(1)}) for source in ("one", "two")
    ]
    result = assert_agree(modules, lines, lines, source="two")
    assert isinstance(result, dict)
    assert result["comparison"]["a"]["repeated"] == 0
    assert "2 annotations" not in " ".join(result["notes"])


def test_large_counts_in_notes(modules: Modules) -> None:
    side = to_lines([(1, [boolean("a")] * 1235)])
    result = assert_agree(modules, side, side)
    assert isinstance(result, dict)
    assert any(note.startswith("1,234 annotations of people repeat") for note in result["notes"])


# Each of these is the whole enhancement, or what replaces a part of a valid one.
LINE = {**make_enhancement([boolean("a")]), "reference_id": make_id(1)}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"null",
        b'{"a": NaN}',
        b"\xff\xfe",
        to_line({**LINE, "reference_id": str(make_id(1)).replace("-4000-", "-1000-")}),
        to_line({**LINE, "reference_id": 1}),
        to_line({**LINE, "source": None}),
        to_line({**LINE, "content": {"enhancement_type": "other"}}),
        to_line({**LINE, "content": {"enhancement_type": "annotation", "annotations": []}}),
        to_line({**LINE, "content": {"enhancement_type": "annotation", "annotations": [{}]}}),
        to_line({**make_enhancement([boolean("a", 1)]), "reference_id": make_id(1)}),  # type: ignore[arg-type]
        to_line({**make_enhancement([boolean("a", score=True)]), "reference_id": make_id(1)}),
        to_line({**make_enhancement([scored("a", math.inf)]), "reference_id": make_id(1)}),
        to_line({**make_enhancement([boolean("a", scheme=None)]), "reference_id": make_id(1)}),
        to_line({**make_enhancement([boolean("\ud800")]), "reference_id": make_id(1)}),
        json.dumps({**make_enhancement([scored("a", 1)]), "reference_id": make_id(1)})
        .replace('"score": 1', '"score": 1e999')
        .encode(),
    ],
)
def test_invalid_lines_are_refused_by_both(modules: Modules, line: bytes) -> None:
    with pytest.raises(InputRejected, match=r"^Line 3 "):
        Labelling("a").read_enhancements([b"", to_line(LINE), line])
    side = make_side("a", b"\n" + to_line(LINE) + b"\n" + line)
    with pytest.raises(CallError, match=r"^(Line 3 is not valid: .|The file is not UTF-8 text, after line 2)"):
        modules.call("compare", a=side, b=side, references=[], mapping=[])


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_ids_in_other_forms_are_the_same_ids(modules: Modules, form: str) -> None:
    a = to_line({**LINE, "reference_id": form.format(make_id(1).upper()).replace("URN:UUID", "urn:uuid")})
    result = assert_agree(modules, [a], [to_line(LINE)])
    assert isinstance(result, dict)
    assert result["comparison"]["labels"][0]["table"]["true_positives"] == 1


def test_blank_lines_and_byte_order_mark(modules: Modules) -> None:
    lines = [b"\xef\xbb\xbf" + to_line(LINE) + b"\r", b" ", b"\t\r", to_line({**LINE, "reference_id": make_id(2)}), b""]
    result = assert_agree(modules, lines, lines)
    assert isinstance(result, dict)
    assert result["comparison"]["a"]["judged"] == 2


def test_sample_robot_and_reviewers(modules: Modules) -> None:
    references = [json.loads(line) for line in list_references()]
    actual = modules.call(
        "compare",
        a={**make_side("Reviewers of Nagtegaal 2019", FILE.read_bytes(), chunk=10_000), "format": "jsonl"},
        b=make_side("study-design-robot 1.0", b"\n".join(list_results()), chunk=10_000),
        references=[
            {"id": reference["id"], "identifiers": reference["identifiers"], "title": find_title(reference)}
            for reference in references
        ],
        mapping=["screening:Nagtegaal_2019:included=study-design:randomised trial"],
    )
    assert_same(actual, describe_result(compare_samples()))
    assert actual["comparison"]["labels"][0]["table"]["true_positives"] == 16


def find_title(reference: Json) -> str | None:
    contents = [enhancement["content"] for enhancement in reference["enhancements"]]
    found: list[str] = [content["title"] for content in contents if content["enhancement_type"] == "bibliographic"]
    return found[0] if found else None


def test_definitions(modules: Modules) -> None:
    def describe(definition: Any) -> Json:
        return {**definition._asdict(), "sources": list(definition.sources)}

    expected = {name: describe(definition) for name, definition in DEFINITIONS.items()}
    assert modules.call("definitions") == {**expected, "MACRO": describe(MACRO), "MICRO": describe(MICRO)}
    assert modules.call("sources") == SOURCES


def test_columns(modules: Modules) -> None:
    assert modules.call("columns") == {field: list(names) for field, names in COLUMNS.items()}


def test_texts_are_sorted_by_code_points(modules: Modules) -> None:
    # By UTF-16, the second one would come first.
    side = to_lines([(1, [boolean("\uff61"), boolean("\U0001d4b3")])])
    result = assert_agree(modules, side, side)
    assert isinstance(result, dict)
    assert result["names"] == ["\uff61", "\U0001d4b3"]
