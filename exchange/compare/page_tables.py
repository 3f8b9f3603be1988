"""The tables of the HTML page."""

from collections.abc import Sequence

from exchange.compare.comparison import Comparison, Disagreement, LabelComparison, SchemeComparison
from exchange.compare.definitions import DEFINITIONS
from exchange.compare.labels import Decision
from exchange.compare.markup import Markup, join, make_element
from exchange.compare.schemes import MultiClass
from exchange.compare.statistics import Estimate
from exchange.compare.wording import (
    describe_decision,
    format_interval,
    format_reasons,
    format_score,
    format_value,
    name_labels,
)

_SUMMARY = ("agreement", "kappa", "precision", "recall", "f1", "prevalence_a", "prevalence_b")
_MAX_REASONS_LENGTH = 300


class Numbers:
    """Counts the tables and figures of a page."""

    def __init__(self) -> None:
        self._tables = 0
        self._figures = 0

    def name_table(self) -> str:
        """Return the name of the next table."""
        self._tables += 1
        return f"Table {self._tables}."

    def name_figure(self) -> tuple[str, str]:
        """Return the id and the name of the next figure."""
        self._figures += 1
        return f"figure-{self._figures}", f"Figure {self._figures}."


def make_region(content: Markup, name: str, class_: str) -> Markup:
    """Return the content in a region that scrolls sideways on a narrow screen, also by keyboard."""
    return make_element("div", content, class_=f"scroll {class_}", role="region", aria_label=name, tabindex=0)


def make_summary_table(comparison: Comparison, numbers: Numbers) -> Markup:
    """Return the table with a row for each label."""
    head = [_head("Label"), _head("References"), *(_head(DEFINITIONS[name].title) for name in _SUMMARY)]
    rows = [
        [
            make_element("th", make_element("a", name, href=f"#label-{number}"), scope="row"),
            make_element("td", f"{label.table.total:,}"),
            *(_make_estimate_cell(label.estimates[name]) for name in _SUMMARY),
        ]
        for number, (name, label) in enumerate(zip(name_labels(comparison), comparison.labels, strict=True), start=1)
    ]
    caption = "Estimates for each label, with 95% intervals in small print."
    return _make_table(numbers, caption, head, rows, "summary")


def make_confusion_table(label: LabelComparison, numbers: Numbers) -> Markup:
    """Return the decisions of A as rows and those of B as columns."""
    rows = [
        [
            make_element("th", f"A {decision}", scope="row"),
            *(
                make_element("td", f"{count:,}", class_="agree" if row == column else "differ")
                for column, count in enumerate(counts)
            ),
            make_element("td", f"{sum(counts):,}", class_="total"),
        ]
        for row, (decision, counts) in enumerate(zip(("true", "false"), label.table.rows, strict=True))
    ]
    totals = [sum(column) for column in zip(*label.table.rows, strict=True)]
    rows.append(
        [
            make_element("th", "Total", scope="row"),
            *(make_element("td", f"{total:,}", class_="total") for total in (*totals, label.table.total)),
        ]
    )
    head = [make_element("td"), _head("B true"), _head("B false"), _head("Total")]
    return _make_table(numbers, "Number of references by the decisions of A and B.", head, rows, "confusion")


def make_statistics_table(label: LabelComparison, numbers: Numbers) -> Markup:
    """Return all estimates of a label."""
    rows = [
        [
            make_element("th", DEFINITIONS[name].title, scope="row"),
            make_element("td", format_value(estimate.value)),
            make_element("td", format_interval(estimate)),
        ]
        for name, estimate in label.estimates.items()
    ]
    head = [_head("Statistic"), _head("Estimate"), _head("95% interval")]
    return _make_table(numbers, "Agreement, and B measured against A.", head, rows, "statistics")


def make_disagreements_table(label: LabelComparison, numbers: Numbers, maximum: int) -> Markup:
    """Return the references on which the sides disagree, at most `maximum`."""
    total = len(label.disagreements)
    if total == 0:
        return make_element("p", "A and B disagree on no reference.")
    shown = label.disagreements[:maximum]
    count = f"all {total:,}" if len(shown) == total else f"{len(shown):,} of {total:,}"
    head = [_head("Reference"), _head("A"), _head("B"), _head("Score of B")]
    caption = f"Disagreements on {label.pair.a.label}: {count}. Those that B labels false come first."
    return _make_table(numbers, caption, head, [_list_cells(disagreement) for disagreement in shown], "disagreements")


def make_averages_table(scheme: SchemeComparison, numbers: Numbers) -> Markup:
    """Return the macro and micro averages of a scheme."""
    rows = [
        [
            make_element("th", DEFINITIONS[name].title, scope="row"),
            make_element("td", format_value(macro.value)),
            make_element("td", f"{macro.labels:,} of {scheme.labels:,}"),
            make_element("td", format_value(scheme.micro[name].value)),
        ]
        for name, macro in scheme.macro.items()
    ]
    head = [_head("Statistic"), _head("Macro average"), _head("Labels in it"), _head("Micro average")]
    return _make_table(numbers, f"Averages over the {scheme.labels:,} labels of the scheme.", head, rows, "averages")


def make_choices_table(choices: MultiClass, comparison: Comparison, numbers: Numbers) -> Markup:
    """Return the table of labels that exclude each other."""
    rows = [
        [
            make_element("th", category, scope="row"),
            *(
                make_element("td", f"{count:,}", class_=("agree" if row == column else "differ") if count else None)
                for column, count in enumerate(counts)
            ),
        ]
        for row, (category, counts) in enumerate(zip(choices.categories, choices.rows, strict=True))
    ]
    head = [_head("A \\ B"), *(_head(category) for category in choices.categories)]
    kappa = format_interval(choices.kappa)
    caption = (
        f"Each reference has exactly one label on each side: rows of A, {comparison.a.name}, columns of B, "
        f"{comparison.b.name}. Agreement {format_value(choices.agreement.value)} "
        f"({format_interval(choices.agreement)}), Cohen's kappa {format_value(choices.kappa.value)}"
        + (f" ({kappa})." if kappa else ".")
    )
    return _make_table(numbers, caption, head, rows, "choices")


def _make_table(
    numbers: Numbers, caption: str, head: Sequence[Markup], rows: Sequence[Sequence[Markup]], class_: str
) -> Markup:
    name = numbers.name_table()
    table = make_element(
        "table",
        make_element("caption", make_element("span", make_element("b", name), f" {caption}")),
        make_element("thead", make_element("tr", *head)),
        make_element("tbody", *(make_element("tr", *cells) for cells in rows)),
    )
    return make_region(table, name, class_)


def _head(text: str) -> Markup:
    return make_element("th", text, scope="col")


def _make_estimate_cell(estimate: Estimate) -> Markup:
    interval = format_interval(estimate)
    return make_element("td", format_value(estimate.value), make_element("small", interval) if interval else Markup())


def _list_cells(disagreement: Disagreement) -> list[Markup]:
    a, b = disagreement.a, disagreement.b
    reasons = (
        make_element("span", f"{side}: {_shorten(format_reasons(decision.data))}", class_="reasons")
        for side, decision in (("A", a), ("B", b))
        if decision is not None and decision.data
    )
    title = disagreement.title or "(no title)"
    return [
        make_element("td", title, make_element("span", disagreement.key, class_="key"), join(reasons)),
        _make_decision_cell(a),
        _make_decision_cell(b),
        make_element("td", format_score(b.score if b else None)),
    ]


def _make_decision_cell(decision: Decision | None) -> Markup:
    word = describe_decision(decision)
    return make_element("td", make_element("span", word, class_=word))


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_REASONS_LENGTH else f"{text[:_MAX_REASONS_LENGTH]}..."
