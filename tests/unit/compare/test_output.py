"""The text, the CSV files and the page."""

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TextIO
from xml.etree import ElementTree as ET

import pytest

from exchange.compare.comparison import Absent, Comparison
from exchange.compare.csv_files import DISAGREEMENTS_HEADER, STATISTICS_HEADER, write_csv, write_disagreements_csv
from exchange.compare.definitions import DEFINITIONS, SOURCES
from exchange.compare.page import to_html
from exchange.compare.text import WIDTH, to_text
from tests.unit.compare.samples import compare_samples
from tests.unit.compare.sides import boolean, compare_sides, scored

ATTACK = "<script>alert('1 & 2')</script>"
LONG = "A title of many words " * 20


def compare_hostile() -> Comparison:
    """Return a comparison in which each text of the data contains markup."""
    scheme, label = f"scheme {ATTACK}", f"label {ATTACK}"
    people = {
        1: [boolean(label, scheme=scheme, data={ATTACK: ATTACK})],
        2: [boolean(label, scheme=scheme)],
        3: [boolean("plain", scheme=scheme)],
    }
    robot = {
        1: [scored(label, 0.1, scheme=scheme, data={"why": ATTACK})],
        2: [scored(label, 0.9, scheme=scheme)],
        3: [scored("plain", 0.9, scheme=scheme), boolean(ATTACK, scheme=ATTACK)],
        4: [scored(label, 0.9, scheme=scheme)],
    }
    comparison = compare_sides(people, robot, {1: f"title {ATTACK}"})
    comparison.a.name, comparison.b.name, comparison.b.source = f"a {ATTACK}", f"b {ATTACK}", f"source {ATTACK}"
    return comparison


def compare_nothing_judged_twice() -> Comparison:
    return compare_sides({1: [boolean("x")]}, {2: [boolean("x")]})


COMPARISONS = [
    pytest.param(compare_hostile, id="hostile"),
    pytest.param(compare_samples, id="samples"),
    pytest.param(compare_nothing_judged_twice, id="nothing in common"),
]


class Outline(HTMLParser):
    """Collects the elements of a page, and checks that each one is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def list_attributes(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]


@pytest.mark.parametrize("make", COMPARISONS)
def test_the_page_is_well_formed_and_needs_nothing_else(make: Callable[[], Comparison]) -> None:
    page = to_html(make())
    outline = Outline(page)
    assert not {tag for tag, _ in outline.elements} & {"script", "link", "img", "iframe", "object", "embed", "image"}
    assert not outline.list_attributes("src")
    assert not [name for _, attributes in outline.elements for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", page)
    ids = outline.list_attributes("id")
    assert len(ids) == len(set(ids))
    assert {target.removeprefix("#") for target in outline.list_attributes("href")} <= set(ids)
    assert all(target.startswith("#") for target in outline.list_attributes("href"))


@pytest.mark.parametrize("make", COMPARISONS)
def test_each_table_and_figure_of_the_page_is_described(make: Callable[[], Comparison]) -> None:
    page = to_html(make())
    outline = Outline(page)
    assert outline.count("caption") == outline.count("table") > 0
    assert all(attributes.get("scope") for tag, attributes in outline.elements if tag == "th")
    svgs = re.findall(r"<svg.*?</svg>", page)
    assert len(svgs) == outline.count("figure") == outline.count("figcaption") > 0
    for svg in svgs:
        names = [child.tag for child in ET.fromstring(svg)]  # noqa: S314 - our own text
        assert names[:2] == ["title", "desc"]
    assert sorted(outline.list_attributes("aria-labelledby") + outline.list_attributes("aria-describedby")) == sorted(
        name for name in outline.list_attributes("id") if name.startswith("figure-")
    )


def test_text_from_the_data_is_escaped_on_the_page() -> None:
    page = to_html(compare_hostile())
    assert "<script" not in page
    for place in ("title", "label", "scheme", "a", "b", "source"):
        assert f"{place} &lt;script&gt;" in page


def test_the_page_says_what_it_compares_and_defines_each_statistic() -> None:
    page = to_html(compare_samples())
    for words in (
        "Reviewers of Nagtegaal 2019",
        "study-design-robot 1.0",
        "2026-05-04 12:30 UTC",
        "39 references with a decision of Reviewers of Nagtegaal 2019 only",
        "100 of 114",
        "A computerized reminder for prophylaxis of deep vein thrombosis",
        *(definition.title for definition in DEFINITIONS.values() if "'" not in definition.title),
    ):
        assert words in page, words


def test_at_most_some_disagreements_are_on_the_page() -> None:
    comparison = compare_samples()
    assert to_html(comparison, 3).count('class="key"') == 3
    assert "3 of 114" in to_html(comparison, 3)
    assert "all 114" in to_html(comparison, 1_000)


def test_a_page_without_disagreements() -> None:
    page = to_html(compare_sides({1: [boolean("x")]}, {1: [boolean("x")]}))
    assert "A and B disagree on no reference." in page
    assert "not defined" in page


def test_curves_without_a_decision_of_b() -> None:
    # All scores are below the threshold, so precision is not defined.
    people = {1: [boolean("x")], 2: [boolean("x", value=False)]}
    page = to_html(compare_sides(people, {1: [scored("x", 0.4)], 2: [scored("x", 0.3)]}))
    assert "ROC curve of B&#x27;s scores. ROC AUC 1.00. The dashed line is a ranking by chance." in page
    assert page.count('class="decisions"') == 1


def test_long_reasons_are_shortened_on_the_page() -> None:
    robot = {1: [boolean("x", data={"text": LONG})]}
    page = to_html(compare_sides({1: [boolean("x", value=False)]}, robot))
    assert LONG not in page
    assert LONG[:200] in page


def test_a_scheme_with_exclusive_labels_has_its_table_on_the_page_and_in_the_text() -> None:
    people = {number: [boolean(label)] for number, label in enumerate("xxyyz")}
    robot = {number: [boolean(label)] for number, label in enumerate("xyyyz")}
    comparison = compare_sides(people, robot)
    assert "Each reference has exactly one label on each side" in to_html(comparison)
    assert "A x: B x 1, B y 1" in to_text(comparison)


def test_labels_with_the_same_name_keep_their_schemes() -> None:
    annotations = {1: [boolean("x"), boolean("x", scheme="other")]}
    text = to_text(compare_sides(annotations, annotations))
    assert re.search(r"^other:x +1 ", text, re.MULTILINE)
    assert re.search(r"^topic:x +1 ", text, re.MULTILINE)


@pytest.mark.parametrize("make", COMPARISONS)
def test_the_text_fits_a_terminal(make: Callable[[], Comparison]) -> None:
    assert max(map(len, to_text(make()).splitlines())) <= WIDTH


def test_the_text_has_each_estimate_and_the_disagreements() -> None:
    text = to_text(compare_samples(), 2)
    assert re.search(r"^included +461 +0.75 +0.14 +0.13 +0.67 +0.22$", text, re.MULTILINE)
    assert re.search(r"^  Cohen's kappa +0.14  \(0.06 to 0.23\)$", text, re.MULTILINE)
    assert re.search(r"^  A true +16 +8\n  A false +106 +331$", text, re.MULTILINE)
    assert "Disagreements: 114, shown: 2" in text
    assert "A true, B absent: A computerized reminder" in text


def test_control_characters_do_not_reach_the_terminal() -> None:
    title = "red \x1b[31m\nand \u202e back"
    text = to_text(compare_sides({1: [boolean("x")]}, {1: [boolean("x", value=False)]}, {1: title}))
    assert "red ?[31m?and ? back" in text


def test_long_words_are_broken() -> None:
    text = to_text(compare_sides({1: [boolean("x" * 250)]}, {1: [boolean("x" * 250)]}))
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_notes_say_what_was_ignored_and_assumed() -> None:
    comparison = compare_sides({1: [boolean("x"), boolean("x")]}, {1: [boolean("x")]}, absent=Absent.LEFT_OUT)
    comparison.a.unidentified = 3
    text = " ".join(to_text(comparison).split())
    assert "1 annotations of people repeat a label of the same reference." in text
    assert "3 references of people have no id and no identifier" in text
    assert "without an annotation of the label is left out for this label" in text
    assert "More than 90% of all decisions are the same" in text


def read_rows(write: Callable[[Comparison, TextIO], None], comparison: Comparison) -> list[list[str]]:
    file = io.StringIO(newline="")
    write(comparison, file)
    return list(csv.reader(io.StringIO(file.getvalue(), newline="")))


def test_the_csv_has_one_row_for_each_label_and_statistic() -> None:
    header, *rows = read_rows(write_csv, compare_samples())
    assert tuple(header) == STATISTICS_HEADER
    names = ["label", "screening:Nagtegaal_2019", "included", "study-design", "randomised trial"]
    assert all(row[:5] == names for row in rows)
    values = {row[5]: row[6:] for row in rows}
    assert len(values) == len(rows)
    assert values["true_positives"] == ["16", "", ""]
    assert [round(float(value), 2) for value in values["recall"]] == [0.67, 0.47, 0.82]
    assert set(DEFINITIONS) < set(values)


def test_the_csv_has_the_averages_and_the_table_of_a_scheme() -> None:
    people = {number: [boolean(label)] for number, label in enumerate("xy")}
    rows = read_rows(write_csv, compare_sides(people, people))
    assert ["macro", "topic", "", "topic", "", "f1", "1.0", "", ""] in rows
    assert ["micro", "topic", "", "topic", "", "f1", "1.0", "", ""] in rows
    assert ["choice", "topic", "", "topic", "", "kappa", "1.0", "", ""] in rows
    assert ["choice", "topic", "x", "topic", "y", "references", "0", "", ""] in rows


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_evaluate_is_protected(start: str) -> None:
    attack = f"{start}1+1"
    people, robot = {1: [boolean(attack)]}, {1: [boolean(attack, value=False, score=-0.5)]}
    comparison = compare_sides(people, robot, {1: attack})
    header, row = read_rows(write_disagreements_csv, comparison)
    assert tuple(header) == DISAGREEMENTS_HEADER
    cells = dict(zip(header, row, strict=True))
    assert cells["label_a"] == cells["label_b"] == cells["title"] == f"'{attack}"
    # A negative number is not text.
    assert cells["score_b"] == "-0.5"
    assert read_rows(write_csv, comparison)[1][2] == f"'{attack}"


def test_the_csv_has_all_disagreements() -> None:
    assert len(read_rows(write_disagreements_csv, compare_samples())) == 115


def test_the_output_does_not_depend_on_the_order_of_the_lines() -> None:
    people = {number: [boolean(label)] for number, label in enumerate("xyzxyzxyz")}
    robot = {number: [scored(label, number / 10), scored("x", 0.3)] for number, label in enumerate("xyzzyxyxz")}
    comparison = compare_sides(people, robot)
    turned = compare_sides(dict(reversed(people.items())), dict(reversed(robot.items())))
    assert to_text(comparison) == to_text(turned)
    assert to_html(comparison) == to_html(turned)
    assert read_rows(write_csv, comparison) == read_rows(write_csv, turned)
    assert read_rows(write_disagreements_csv, comparison) == read_rows(write_disagreements_csv, turned)


def test_each_source_is_cited() -> None:
    assert {source for definition in DEFINITIONS.values() for source in definition.sources} == set(SOURCES)
