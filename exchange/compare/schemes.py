"""The labels of a scheme together: averages, and the table of labels that exclude each other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.compare.statistics import (
    ConfusionTable,
    Estimate,
    estimate_all,
    estimate_kappa,
    estimate_proportion,
)

AVERAGED = ("precision", "recall", "f1")
_MIN_CATEGORIES = 2


@dataclass(frozen=True, slots=True)
class Average:
    """The average of an estimate over labels, and the number of labels for which the estimate is defined."""

    value: float | None
    labels: int


def average_macro(estimates: Sequence[Mapping[str, Estimate]]) -> dict[str, Average]:
    """Return the mean of each estimate over the labels for which it is defined."""
    averages = {}
    for name in AVERAGED:
        values = [value for of_label in estimates if (value := of_label[name].value) is not None]
        averages[name] = Average(sum(values) / len(values) if values else None, len(values))
    return averages


def average_micro(tables: Sequence[ConfusionTable]) -> dict[str, Average]:
    """Return each estimate of the sum of the tables.

    There are no intervals: the decisions on the labels of one reference are not independent of each other.
    """
    pooled = ConfusionTable(
        sum(table.true_positives for table in tables),
        sum(table.false_positives for table in tables),
        sum(table.false_negatives for table in tables),
        sum(table.true_negatives for table in tables),
    )
    estimates = estimate_all(pooled)
    return {name: Average(estimates[name].value, len(tables)) for name in AVERAGED}


@dataclass(frozen=True, slots=True)
class MultiClass:
    """The labels that the sides chose for each reference: rows of A, columns of B."""

    categories: list[str]
    rows: list[list[int]]
    agreement: Estimate
    kappa: Estimate


def tabulate_choices(
    choices_a: Sequence[Sequence[str | None]], choices_b: Sequence[Sequence[str | None]]
) -> MultiClass | None:
    """Return the table of the labels that the sides chose, reference by reference.

    None if a reference does not have exactly one label on each side, or if there are fewer than two labels. A label
    that is not compared is None.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for chosen_a, chosen_b in zip(choices_a, choices_b, strict=True):
        if len(chosen_a) != 1 or len(chosen_b) != 1 or chosen_a[0] is None or chosen_b[0] is None:
            return None
        counts[chosen_a[0], chosen_b[0]] += 1
    categories = sorted({category for cell in counts for category in cell})
    if len(categories) < _MIN_CATEGORIES:
        return None
    rows = [[counts[a, b] for b in categories] for a in categories]
    agreed = sum(row[index] for index, row in enumerate(rows))
    return MultiClass(categories, rows, estimate_proportion(agreed, counts.total()), estimate_kappa(rows))
