"""The estimates against published examples, and against independent computations."""

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.compare.statistics import (
    UNDEFINED,
    ConfusionTable,
    Estimate,
    Z,
    estimate_ac1,
    estimate_all,
    estimate_f1,
    estimate_kappa,
    estimate_proportion,
    has_extreme_prevalence,
)

Rows = Sequence[Sequence[float]]

# The example of Fleiss, Cohen and Everitt (1969), with 200 subjects: kappa 0.429, variance 0.002885.
FLEISS_1969 = [[106, 10, 4], [22, 28, 10], [2, 12, 6]]
# Fleiss, Statistical Methods for Rates and Proportions (1981), table 13.1: kappa 0.68, standard error 0.087.
FLEISS_1981 = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]

counts = st.integers(min_value=0, max_value=60)
tables = st.builds(ConfusionTable, counts, counts, counts, counts).filter(lambda table: table.total > 1)
full_counts = st.integers(min_value=1, max_value=60)
full_tables = st.builds(ConfusionTable, full_counts, full_counts, full_counts, full_counts)


def margin_of(estimate: Estimate) -> float:
    assert estimate.value is not None
    assert estimate.low is not None
    return estimate.value - estimate.low


def make_table(rows: Sequence[Sequence[int]]) -> ConfusionTable:
    (both, only_a), (only_b, neither) = rows
    return ConfusionTable(both, only_b, only_a, neither)


@pytest.mark.parametrize(
    ("rows", "kappa", "standard_error"),
    [
        (FLEISS_1969, 0.429, 0.0537),
        (FLEISS_1981, 0.676, 0.0877),
        # The example of `ci.kappa` in the R package statpsych.
        ([[31, 12], [4, 58]], 0.6756757, 0.07344761),
        # Feinstein and Cicchetti (1990), tables I and II: the same agreement of 0.85, but not the same kappa.
        ([[40, 9], [6, 45]], 0.70, None),
        ([[80, 10], [5, 5]], 0.32, None),
    ],
)
def test_kappa_and_its_standard_error_are_those_of_published_examples(
    rows: list[list[int]], kappa: float, standard_error: float | None
) -> None:
    estimate = estimate_kappa(rows)
    digits = len(str(kappa).split(".")[1])
    assert estimate.value == pytest.approx(kappa, abs=0.6 * 10**-digits)
    if standard_error is not None:
        assert margin_of(estimate) / Z == pytest.approx(standard_error, abs=5e-5)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_wilson_interval_is_that_of_published_examples(count: int, total: int, low: float, high: float) -> None:
    estimate = estimate_proportion(count, total)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=5e-5)


def test_ac1_stays_high_where_kappa_is_negative() -> None:
    # A common example of the paradox of kappa. The share of true decisions is 243 of 250.
    table = make_table([[118, 5], [2, 0]])
    assert estimate_kappa(table.rows).value == pytest.approx(-0.0234, abs=5e-5)
    chance = 2 * 0.972 * 0.028
    assert estimate_ac1(table).value == pytest.approx((0.944 - chance) / (1 - chance))


def test_all_estimates_of_a_table_computed_by_hand() -> None:
    estimates = estimate_all(ConfusionTable(true_positives=6, false_positives=2, false_negatives=4, true_negatives=8))
    values = {name: estimate.value for name, estimate in estimates.items()}
    assert values == pytest.approx(
        {
            "agreement": 14 / 20,
            "kappa": (0.7 - 0.5) / (1 - 0.5),
            # Chance agreement is 2 * 0.45 * 0.55.
            "ac1": (0.7 - 0.495) / (1 - 0.495),
            "precision": 6 / 8,
            "recall": 6 / 10,
            "specificity": 8 / 10,
            "f1": 12 / 18,
            "prevalence_a": 10 / 20,
            "prevalence_b": 8 / 20,
        }
    )


def test_every_estimate_of_no_references_is_undefined() -> None:
    assert set(estimate_all(ConfusionTable(0, 0, 0, 0)).values()) == {UNDEFINED}


@pytest.mark.parametrize("table", [ConfusionTable(9, 0, 0, 0), ConfusionTable(0, 0, 0, 9), ConfusionTable(0, 0, 0, 1)])
def test_kappa_is_undefined_if_all_decisions_are_the_same(table: ConfusionTable) -> None:
    assert estimate_kappa(table.rows) == UNDEFINED
    assert estimate_ac1(table) == Estimate(1.0)


def test_perfect_agreement_has_no_kappa_interval() -> None:
    assert estimate_kappa([[5, 0], [0, 5]]) == Estimate(1.0)


def test_estimates_without_a_true_label() -> None:
    estimates = estimate_all(ConfusionTable(0, 3, 0, 7))
    assert estimates["recall"] == UNDEFINED
    assert estimates["precision"].value == 0
    assert estimates["f1"].value == 0
    assert estimates["kappa"].value == 0


def test_prevalence_is_extreme_beyond_a_tenth() -> None:
    assert not has_extreme_prevalence(ConfusionTable(10, 0, 0, 90))
    assert has_extreme_prevalence(ConfusionTable(9, 0, 0, 91))
    assert has_extreme_prevalence(ConfusionTable(91, 0, 0, 9))
    assert not has_extreme_prevalence(ConfusionTable(0, 0, 0, 0))


@given(tables)
def test_every_interval_has_its_value_and_stays_in_range(table: ConfusionTable) -> None:
    for name, estimate in estimate_all(table).items():
        if estimate.value is None or estimate.low is None or estimate.high is None:
            continue
        lowest = -1 if name in {"kappa", "ac1"} else 0
        assert lowest <= estimate.low <= estimate.value + 1e-12
        assert estimate.value - 1e-12 <= estimate.high <= 1


@given(tables)
def test_f1_is_the_harmonic_mean(table: ConfusionTable) -> None:
    estimates = estimate_all(table)
    precision, recall = estimates["precision"].value, estimates["recall"].value
    if precision and recall:
        assert estimate_f1(table).value == pytest.approx(2 / (1 / precision + 1 / recall))


def vary_by_delta_method(statistic: Callable[[Rows], float], rows: Rows) -> float:
    """Return the variance of a function of multinomial proportions, from numeric derivatives."""
    total = sum(map(sum, rows))
    shares = [[count / total for count in row] for row in rows]
    step = 1e-6
    slopes = []
    for a, row in enumerate(shares):
        for b, share in enumerate(row):
            moved = [[other + step * ((a, b) == (i, j)) for j, other in enumerate(r)] for i, r in enumerate(shares)]
            below = [[other - step * ((a, b) == (i, j)) for j, other in enumerate(r)] for i, r in enumerate(shares)]
            slopes.append((share, (statistic(moved) - statistic(below)) / (2 * step)))
    mean = sum(share * slope for share, slope in slopes)
    return sum(share * (slope - mean) ** 2 for share, slope in slopes) / total


def compute_kappa(shares: Rows) -> float:
    total = sum(map(sum, shares))
    observed = sum(shares[index][index] for index in range(len(shares))) / total
    expected = sum(sum(shares[index]) * sum(row[index] for row in shares) for index in range(len(shares))) / total**2
    return (observed - expected) / (1 - expected)


def compute_ac1(shares: Rows) -> float:
    total = sum(map(sum, shares))
    observed = (shares[0][0] + shares[1][1]) / total
    true = (2 * shares[0][0] + shares[0][1] + shares[1][0]) / (2 * total)
    expected = 2 * true * (1 - true)
    return (observed - expected) / (1 - expected)


@settings(deadline=None)
@given(full_tables)
def test_kappa_and_its_variance_agree_with_the_delta_method(table: ConfusionTable) -> None:
    estimate = estimate_kappa(table.rows)
    assert estimate.value == pytest.approx(compute_kappa(table.rows))
    variance = vary_by_delta_method(compute_kappa, table.rows)
    assert estimate.high == pytest.approx(min(1, compute_kappa(table.rows) + Z * math.sqrt(variance)), abs=1e-5)


@settings(deadline=None)
@given(full_tables)
def test_ac1_and_its_variance_agree_with_the_delta_method(table: ConfusionTable) -> None:
    estimate = estimate_ac1(table)
    assert estimate.value == pytest.approx(compute_ac1(table.rows))
    # Gwet's variance divides by n - 1, and the delta method by n.
    variance = vary_by_delta_method(compute_ac1, table.rows) * table.total / (table.total - 1)
    assert estimate.high == pytest.approx(min(1, compute_ac1(table.rows) + Z * math.sqrt(variance)), abs=1e-5)


@settings(deadline=None)
@given(st.lists(st.lists(full_counts, min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_of_three_categories_agrees_with_the_delta_method(rows: list[list[int]]) -> None:
    estimate = estimate_kappa(rows)
    assert estimate.value == pytest.approx(compute_kappa(rows))
    variance = vary_by_delta_method(compute_kappa, rows)
    assert estimate.high == pytest.approx(min(1, compute_kappa(rows) + Z * math.sqrt(variance)), abs=1e-5)
