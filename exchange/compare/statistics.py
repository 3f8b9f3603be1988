"""Agreement of two sets of decisions. Pure functions of tables of counts.

An estimate that is not defined, because it would divide by zero, is None. An interval is None if its method does not
yield one: a variance of zero means that the method fails, not that the estimate is certain. Intervals have a
confidence of 95 percent. `definitions` has the formulas in words and the sources.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

# Kappa is low in spite of high agreement if nearly all decisions are the same. The limit is our convention.
EXTREME_PREVALENCE = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the limits of its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


UNDEFINED = Estimate(None)


@dataclass(frozen=True, slots=True)
class ConfusionTable:
    """The number of references by the decisions of both sides. A is the baseline: "false positive" is B's mistake."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def total(self) -> int:
        """The number of references."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives

    @property
    def rows(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The counts as rows of A (true, false) and columns of B (true, false)."""
        return (self.true_positives, self.false_negatives), (self.false_positives, self.true_negatives)


def estimate_all(table: ConfusionTable) -> dict[str, Estimate]:
    """Return all estimates of a table, by the names in `definitions`."""
    (tp, fn), (fp, tn) = table.rows
    return {
        "agreement": estimate_proportion(tp + tn, table.total),
        "kappa": estimate_kappa(table.rows),
        "ac1": estimate_ac1(table),
        "precision": estimate_proportion(tp, tp + fp),
        "recall": estimate_proportion(tp, tp + fn),
        "specificity": estimate_proportion(tn, tn + fp),
        "f1": estimate_f1(table),
        "prevalence_a": estimate_proportion(tp + fn, table.total),
        "prevalence_b": estimate_proportion(tp + fp, table.total),
    }


def estimate_proportion(count: int, total: int) -> Estimate:
    """Return a proportion with the score interval of Wilson (1927)."""
    if total == 0:
        return UNDEFINED
    share, weight = count / total, Z**2 / total
    centre = (share + weight / 2) / (1 + weight)
    margin = Z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    # The limits of 0 and 1 are exact, but for rounding.
    low = 0.0 if count == 0 else centre - margin
    high = 1.0 if count == total else centre + margin
    return Estimate(share, low, high)


def estimate_f1(table: ConfusionTable) -> Estimate:
    """Return F1 with the interval "Wilson indirect" of Lam et al. (2023).

    The references that either side labels true are the trials, and those that both label true are the successes. F1 is
    2p / (1 + p) of this proportion p, which only grows with p, so the limits are converted in the same way.
    """
    (tp, fn), (fp, _) = table.rows
    shared = estimate_proportion(tp, tp + fp + fn)
    if shared.value is None or shared.low is None or shared.high is None:
        return UNDEFINED
    return Estimate(*(2 * limit / (1 + limit) for limit in (shared.value, shared.low, shared.high)))


def estimate_kappa(rows: Sequence[Sequence[int]]) -> Estimate:
    """Return Cohen's kappa of a square table, with the asymptotic interval of Fleiss, Cohen and Everitt (1969).

    It is not defined if both sides use only one and the same category.
    """
    total = sum(map(sum, rows))
    if total == 0:
        return UNDEFINED
    cells = [[count / total for count in row] for row in rows]
    marginals_a = [sum(row) for row in cells]
    marginals_b = [sum(column) for column in zip(*cells, strict=True)]
    observed = sum(row[index] for index, row in enumerate(cells))
    expected = sum(a * b for a, b in zip(marginals_a, marginals_b, strict=True))
    # Compared as counts, because rounding could hide that everything is in one cell of the diagonal.
    if any(row[index] == total for index, row in enumerate(rows)):
        return UNDEFINED
    kappa = (observed - expected) / (1 - expected)
    spread = sum(
        share * ((a == b) - (marginals_b[a] + marginals_a[b]) * (1 - kappa)) ** 2
        for a, row in enumerate(cells)
        for b, share in enumerate(row)
    )
    variance = (spread - (kappa - expected * (1 - kappa)) ** 2) / (total * (1 - expected) ** 2)
    return make_symmetric(kappa, variance, lowest=-1.0)


def estimate_ac1(table: ConfusionTable) -> Estimate:
    """Return the AC1 of Gwet (2008) for two raters and two categories, with the interval of its equation for n > 1."""
    total = table.total
    if total == 0:
        return UNDEFINED
    (tp, fn), (fp, tn) = table.rows
    share = (2 * tp + fn + fp) / (2 * total)
    expected = 2 * share * (1 - share)
    ac1 = ((tp + tn) / total - expected) / (1 - expected)
    if total == 1:
        return Estimate(ac1)
    # For each cell: its count, whether the sides agree, and the chance agreement of a reference in it.
    cells = ((tp, 1, 1 - share), (tn, 1, share), (fp + fn, 0, 0.5))
    spread = sum(
        count * ((agrees - expected - 2 * (1 - ac1) * (chance - expected)) / (1 - expected) - ac1) ** 2
        for count, agrees, chance in cells
    )
    return make_symmetric(ac1, spread / (total * (total - 1)), lowest=-1.0)


def make_symmetric(value: float, variance: float, lowest: float) -> Estimate:
    """Return the value with an interval of the normal approximation, cut at `lowest` and 1."""
    if variance <= 1e-12:  # noqa: PLR2004 - zero, but for rounding
        return Estimate(value)
    margin = Z * math.sqrt(variance)
    return Estimate(value, max(lowest, value - margin), min(1.0, value + margin))


def has_extreme_prevalence(table: ConfusionTable) -> bool:
    """Return whether kappa is misleading because nearly all decisions of both sides are the same."""
    (tp, fn), (fp, _) = table.rows
    share = (2 * tp + fn + fp) / (2 * table.total) if table.total else 0.5
    return not EXTREME_PREVALENCE <= share <= 1 - EXTREME_PREVALENCE
