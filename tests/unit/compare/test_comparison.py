import pytest

from exchange.compare.comparison import Absent, add_titles
from exchange.compare.labels import Label, LabelPair
from exchange.compare.statistics import ConfusionTable
from exchange.domain.errors import InputRejected
from tests.unit.compare.sides import boolean, compare_sides, make_id, read_titles, scored

X, Y, Z = Label("topic", "x"), Label("topic", "y"), Label("topic", "z")

# Reference 1: both x. 2: only A. 3: only B. 4: neither. 5: A did not judge it. 6: B did not judge it.
PEOPLE = {1: [boolean("x")], 2: [boolean("x")], 3: [boolean("x", value=False)], 4: [boolean("y")], 6: [boolean("x")]}
ROBOT = {1: [scored("x", 0.9)], 2: [boolean("y")], 3: [scored("x", 0.8)], 4: [scored("x", 0.1)], 5: [boolean("y")]}


def test_an_absent_label_of_a_judged_reference_is_false() -> None:
    of_x = compare_sides(PEOPLE, ROBOT).labels[0]
    assert of_x.pair == LabelPair(X, X)
    assert of_x.table == ConfusionTable(1, 1, 1, 1)
    assert (of_x.only_a, of_x.only_b) == (1, 1)


def test_an_absent_label_can_be_left_out() -> None:
    of_x = compare_sides(PEOPLE, ROBOT, absent=Absent.LEFT_OUT).labels[0]
    assert of_x.table == ConfusionTable(1, 1, 0, 0)
    assert (of_x.only_a, of_x.only_b) == (2, 1)


def test_disagreements_have_titles_and_those_that_b_missed_come_first() -> None:
    missed, extra = compare_sides(PEOPLE, ROBOT, {2: "Missed"}).labels[0].disagreements
    assert (missed.key, missed.title, missed.b) == (make_id(2), "Missed", None)
    assert missed.a is not None
    assert missed.a.value
    assert (extra.key, extra.title) == (make_id(3), None)
    assert extra.b is not None
    assert extra.b.score == 0.8


def test_titles_that_are_learned_later_are_added_and_decide_the_order() -> None:
    people = {number: [boolean("x", value=False)] for number in (1, 2)}
    robot = {number: [scored("x", 0.9)] for number in (1, 2)}
    comparison = compare_sides(people, robot)
    titled = add_titles(comparison, read_titles({1: "Second", 2: "First"}))
    assert [item.title for item in titled.labels[0].disagreements] == ["First", "Second"]
    assert titled == compare_sides(people, robot, {1: "Second", 2: "First"})


def test_extra_labels_come_by_descending_score() -> None:
    robot = {number: [scored("x", number / 10)] for number in (6, 9, 7)}
    people = {number: [boolean("x", value=False)] for number in robot}
    disagreements = compare_sides(people, robot).labels[0].disagreements
    assert [disagreement.key for disagreement in disagreements] == [make_id(9), make_id(7), make_id(6)]


def test_every_label_of_a_common_scheme_is_compared_and_others_are_listed() -> None:
    people = {1: [boolean("x"), boolean("only A's", scheme="people")]}
    robot = {1: [boolean("y"), boolean("only B's", scheme="robot")]}
    comparison = compare_sides(people, robot)
    assert [label.pair.a for label in comparison.labels] == [X, Y]
    assert comparison.not_compared_a == [Label("people", "only A's")]
    assert comparison.not_compared_b == [Label("robot", "only B's")]


def test_labels_of_other_schemes_are_compared_by_the_mapping() -> None:
    pair = LabelPair(X, Label("design", "rct"))
    robot = {1: [boolean("rct", scheme="design")], 2: [boolean("cohort", scheme="design")]}
    comparison = compare_sides({1: [boolean("x")], 2: [boolean("x")]}, robot, mapping=[pair])
    assert [label.pair for label in comparison.labels] == [pair]
    assert comparison.labels[0].table == ConfusionTable(1, 0, 1, 0)
    assert comparison.not_compared_b == [Label("design", "cohort")]


def test_sides_without_a_common_scheme_are_refused() -> None:
    expected = r"people \(schemes: topic\) and robot \(schemes: design\) have no scheme in common"
    with pytest.raises(InputRejected, match=expected):
        compare_sides({1: [boolean("x")]}, {1: [boolean("x", scheme="design")]})
    with pytest.raises(InputRejected, match=r"robot \(schemes: none\)"):
        compare_sides({1: [boolean("x")]}, {})


def test_scores_rank_and_a_reference_without_a_score_ranks_last() -> None:
    robot = {1: [scored("x", 0.9)], 2: [boolean("y")], 3: [boolean("x", value=False)]}
    label = compare_sides({1: [boolean("x")], 2: [boolean("y")], 3: [boolean("x")]}, robot).labels[0]
    assert label.ranking is not None
    assert label.ranking.without_score == 2
    assert label.estimates["roc_auc"].value == 0.75


def test_a_true_label_without_a_score_cannot_be_ranked() -> None:
    robot = {1: [scored("x", 0.9)], 2: [boolean("x")]}
    label = compare_sides({1: [boolean("x")], 2: [boolean("x", value=False)]}, robot).labels[0]
    assert label.ranking is None
    assert "roc_auc" not in label.estimates


def test_scores_of_one_class_have_undefined_estimates() -> None:
    label = compare_sides({1: [boolean("x")]}, {1: [scored("x", 0.9)]}).labels[0]
    assert label.ranking is None
    assert label.estimates["roc_auc"].value is None


def test_averages_of_a_scheme_computed_by_hand() -> None:
    # x: two true positives and one false positive. y: one false negative. z: one false positive, and no recall.
    people = {1: [boolean("x")], 2: [boolean("x")], 3: [boolean("y")]}
    robot = {1: [boolean("x")], 2: [boolean("x")], 3: [boolean("x"), boolean("z")]}
    (scheme,) = compare_sides(people, robot).schemes
    assert scheme.macro["precision"].value == pytest.approx((2 / 3 + 0) / 2)
    assert scheme.macro["recall"].value == pytest.approx((1 + 0) / 2)
    assert scheme.macro["f1"].value == pytest.approx((0.8 + 0 + 0) / 3)
    assert [average.labels for average in scheme.macro.values()] == [2, 2, 3]
    assert scheme.micro["precision"].value == pytest.approx(2 / 4)
    assert scheme.micro["recall"].value == pytest.approx(2 / 3)
    assert scheme.micro["f1"].value == pytest.approx(4 / 7)
    assert scheme.choices is None


def test_labels_that_exclude_each_other_have_one_table() -> None:
    people = {number: [boolean(label)] for number, label in enumerate("xxyyz")}
    robot = {number: [boolean(label), boolean("w", value=False)] for number, label in enumerate("xyyyz")}
    (scheme,) = compare_sides(people, robot).schemes
    assert scheme.choices is not None
    assert scheme.choices.categories == ["x", "y", "z"]
    assert scheme.choices.rows == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]
    assert scheme.choices.agreement.value == 4 / 5
    # Chance agreement is (2 * 1 + 2 * 3 + 1 * 1) / 25.
    assert scheme.choices.kappa.value == pytest.approx((0.8 - 0.36) / (1 - 0.36))


def test_a_second_true_label_or_one_that_is_not_compared_prevents_the_table() -> None:
    people = {1: [boolean("x")], 2: [boolean("y")]}
    two = {1: [boolean("x"), boolean("y")], 2: [boolean("y")]}
    assert compare_sides(people, two).schemes[0].choices is None
    design = {1: [boolean("p", scheme="design")], 2: [boolean("other", scheme="design")]}
    pairs = [LabelPair(X, Label("design", "p")), LabelPair(Y, Label("design", "q"))]
    assert compare_sides(people, design, mapping=pairs).schemes[0].choices is None


def test_one_label_for_all_references_needs_no_table() -> None:
    people = {1: [boolean("x")], 2: [boolean("x"), boolean("y", value=False)]}
    assert compare_sides(people, people).schemes[0].choices is None


def test_two_labels_that_are_mapped_to_one_prevent_the_table() -> None:
    design = {1: [boolean("p", scheme="design")], 2: [boolean("p", scheme="design")]}
    pairs = [LabelPair(X, Label("design", "p")), LabelPair(Y, Label("design", "p"))]
    comparison = compare_sides({1: [boolean("x")], 2: [boolean("y")]}, design, mapping=pairs)
    assert [label.table.true_positives for label in comparison.labels] == [1, 1]
    assert comparison.schemes[0].choices is None
