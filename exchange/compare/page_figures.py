"""The figures of the HTML page, with their captions."""

from exchange.compare.comparison import Comparison, LabelComparison
from exchange.compare.definitions import DEFINITIONS
from exchange.compare.markup import Markup, join, make_element
from exchange.compare.page_tables import Numbers, make_region
from exchange.compare.plots import Curve, Panel, Point, draw_curve, draw_intervals
from exchange.compare.ranking import Ranking
from exchange.compare.wording import format_interval, format_value, name_labels

_PANELS = ("kappa", "precision", "recall")


def draw_summary(comparison: Comparison, numbers: Numbers) -> Markup:
    """Return the plot of kappa, precision and recall of all labels."""
    plot_id, title = numbers.name_figure()
    panels = [
        Panel(DEFINITIONS[name].title, [label.estimates[name] for label in comparison.labels]) for name in _PANELS
    ]
    heading = "Kappa, precision and recall of each label, with 95% intervals"
    plot = draw_intervals(plot_id, heading, "The values are in the table below.", name_labels(comparison), panels)
    return make_element(
        "figure",
        make_region(plot, heading, "wide"),
        make_element("figcaption", make_element("b", title), f" {heading}. A dot without a line has no interval."),
    )


def draw_label_curves(label: LabelComparison, numbers: Numbers) -> Markup:
    """Return the precision-recall curve and the ROC curve of B's scores. Nothing if there is no ranking."""
    if label.ranking is None:
        return Markup()
    precision, recall, specificity = (label.estimates[name].value for name in ("precision", "recall", "specificity"))
    prevalence = label.ranking.positives / (label.ranking.positives + label.ranking.negatives)
    precision_recall = Curve(
        "Recall",
        "Precision",
        _make_steps(label.ranking),
        ((0.0, prevalence), (1.0, prevalence)),
        None if precision is None or recall is None else (recall, precision),
    )
    roc = Curve(
        "1 - specificity",
        "Recall",
        label.ranking.list_roc_points(),
        ((0.0, 0.0), (1.0, 1.0)),
        None if specificity is None or recall is None else (1 - specificity, recall),
    )
    return make_element(
        "div",
        _draw(label, numbers, "Precision-recall curve", "average_precision", precision_recall),
        _draw(label, numbers, "ROC curve", "roc_auc", roc),
        class_="curves",
    )


def _draw(label: LabelComparison, numbers: Numbers, heading: str, name: str, curve: Curve) -> Markup:
    plot_id, title = numbers.name_figure()
    estimate = label.estimates[name]
    interval = format_interval(estimate)
    result = f"{DEFINITIONS[name].title} {format_value(estimate.value)}" + (f" ({interval})" if interval else "")
    legend = "The dashed line is a ranking by chance."
    if curve.decisions is not None:
        legend += " The dot shows B's decisions."
    plot = draw_curve(plot_id, f"{heading} of {label.pair}", f"{result}. {legend}", curve)
    caption = join([make_element("b", title), f" {heading} of B's scores. {result}. {legend}"])
    return make_element("figure", plot, make_element("figcaption", caption))


def _make_steps(ranking: Ranking) -> list[Point]:
    """Return the precision-recall curve as steps, because a straight line between two points is too optimistic."""
    steps: list[Point] = []
    recall_before = 0.0
    for recall, precision in ranking.list_precision_points():
        steps += [(recall_before, precision), (recall, precision)]
        recall_before = recall
    return steps
