"""The comparison as CSV: one file with the statistics, and one with all disagreements."""

import csv
from collections.abc import Iterator
from dataclasses import fields
from typing import TextIO

from exchange.compare.comparison import Comparison, LabelComparison, SchemeComparison
from exchange.compare.statistics import ConfusionTable, Estimate
from exchange.compare.wording import describe_decision, format_reasons
from exchange.files.cells import protect_cell

STATISTICS_HEADER = ("level", "scheme_a", "label_a", "scheme_b", "label_b", "statistic", "value", "low", "high")
DISAGREEMENTS_HEADER = (
    "scheme_a", "label_a", "scheme_b", "label_b", "reference", "title",
    "decision_a", "decision_b", "score_a", "score_b", "reasons_a", "reasons_b",
)  # fmt: skip

Cell = str | float | None


def write_csv(comparison: Comparison, file: TextIO) -> None:
    """Write one row for each label and statistic. Open the file with newline="".

    An empty value is not defined, and an empty limit does not exist. `definitions` explains the statistics.
    The level is `label`, or for the labels of a scheme together `macro`, `micro` or `choice`. A row of `choice` may
    have a label of A and a label of B: it counts the references for which the sides chose these labels.
    """
    writer = csv.writer(file)
    writer.writerow(STATISTICS_HEADER)
    for label in comparison.labels:
        writer.writerows(_protect(row) for row in _list_statistics(label))
    for scheme in comparison.schemes:
        writer.writerows(_protect(row) for row in _list_averages(scheme))


def write_disagreements_csv(comparison: Comparison, file: TextIO) -> None:
    """Write one row for each disagreement. Open the file with newline=""."""
    writer = csv.writer(file)
    writer.writerow(DISAGREEMENTS_HEADER)
    for label in comparison.labels:
        for disagreement in label.disagreements:
            a, b = disagreement.a, disagreement.b
            row = (
                *label.pair.a,
                *label.pair.b,
                disagreement.key,
                disagreement.title,
                describe_decision(a),
                describe_decision(b),
                a.score if a else None,
                b.score if b else None,
                format_reasons(a.data) if a else None,
                format_reasons(b.data) if b else None,
            )
            writer.writerow(_protect(row))


def _protect(row: tuple[Cell, ...]) -> list[Cell]:
    return [protect_cell(cell) if isinstance(cell, str) else cell for cell in row]


def _list_statistics(label: LabelComparison) -> Iterator[tuple[Cell, ...]]:
    names = ("label", *label.pair.a, *label.pair.b)
    yield (*names, "references", label.table.total, None, None)
    yield (*names, "only_a_judged", label.only_a, None, None)
    yield (*names, "only_b_judged", label.only_b, None, None)
    for field in fields(ConfusionTable):
        yield (*names, field.name, getattr(label.table, field.name), None, None)
    for name, estimate in label.estimates.items():
        yield (*names, name, *_list_limits(estimate))


def _list_averages(scheme: SchemeComparison) -> Iterator[tuple[Cell, ...]]:
    for level, averages in (("macro", scheme.macro), ("micro", scheme.micro)):
        for name, average in averages.items():
            yield (level, scheme.scheme_a, None, scheme.scheme_b, None, name, average.value, None, None)
    if scheme.choices is None:
        return
    for name, estimate in (("agreement", scheme.choices.agreement), ("kappa", scheme.choices.kappa)):
        yield ("choice", scheme.scheme_a, None, scheme.scheme_b, None, name, *_list_limits(estimate))
    for category, row in zip(scheme.choices.categories, scheme.choices.rows, strict=True):
        for other, count in zip(scheme.choices.categories, row, strict=True):
            yield ("choice", scheme.scheme_a, category, scheme.scheme_b, other, "references", count, None, None)


def _list_limits(estimate: Estimate) -> tuple[Cell, ...]:
    return estimate.value, estimate.low, estimate.high
