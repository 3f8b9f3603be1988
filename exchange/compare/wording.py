"""How the text and the page write what they have in common: numbers, decisions and explanations."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from exchange.compare.comparison import Absent, Comparison, LabelComparison
from exchange.compare.labels import Decision, Labelling
from exchange.compare.statistics import Estimate, has_extreme_prevalence

NOT_DEFINED = "not defined"


def format_value(value: float | None) -> str:
    """Return the number with two decimals."""
    # Adding 0.0 turns -0.0 into 0.0.
    return NOT_DEFINED if value is None else f"{round(value, 2) + 0.0:.2f}"


def format_interval(estimate: Estimate) -> str:
    """Return the limits, or the empty string if there are none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{format_value(estimate.low)} to {format_value(estimate.high)}"


def name_labels(comparison: Comparison) -> list[str]:
    """Return a short name for each label: without its scheme, unless another scheme has the same label."""
    counts = Counter(label.pair.a.label for label in comparison.labels)
    pairs = [label.pair for label in comparison.labels]
    return [pair.a.label if counts[pair.a.label] == 1 else str(pair) for pair in pairs]


def format_score(score: float | None) -> str:
    """Return the score with at most four significant digits, or the empty string if there is none."""
    return "" if score is None else f"{score:.4g}"


def describe_decision(decision: Decision | None) -> str:
    """Return the decision as one word."""
    if decision is None:
        return "absent"
    return "true" if decision.value else "false"


def format_reasons(data: Mapping[str, Any]) -> str:
    """Return the data of an annotation as JSON, or the empty string if there is none."""
    return json.dumps(data, ensure_ascii=False) if data else ""


def format_time(comparison: Comparison) -> str:
    """Return the time of the comparison, to the minute."""
    return f"{comparison.compared_at:%Y-%m-%d %H:%M} {comparison.compared_at.tzname() or ''}".strip()


def describe_side(side: Labelling) -> str:
    """Return how many references a side judged, and how its annotations were read."""
    judged = len(set().union(*side.judged.values()))
    source = f" Only the source {side.source} is read." if side.source is not None else ""
    return f"{judged:,} references judged. A score of {side.threshold:g} or more is true.{source}"


def list_notes(comparison: Comparison) -> Iterator[str]:
    """Yield a sentence for each thing that was left out or assumed."""
    a, b = comparison.a, comparison.b
    yield (
        "A reference counts for a label if both A and B judged it for the label's scheme, which means that it has any "
        "annotation of this scheme. Others are left out."
    )
    if comparison.absent is Absent.FALSE:
        yield "The decision on a judged reference without an annotation of the label is false."
    else:
        yield "A judged reference without an annotation of the label is left out for this label."
    yield "The score of an annotation is read as the strength of the label, also if its value is false."
    for side in (a, b):
        if side.repeated:
            yield (
                f"{side.repeated:,} annotations of {side.name} repeat a label of the same reference. The first counts."
            )
        if side.unidentified:
            yield f"{side.unidentified:,} references of {side.name} have no id and no identifier and are left out."
    for side, labels in ((a, comparison.not_compared_a), (b, comparison.not_compared_b)):
        if labels:
            yield f"These labels of {side.name} are not compared: {', '.join(map(str, labels))}."


def list_label_notes(label: LabelComparison, comparison: Comparison) -> Iterator[str]:
    """Yield a sentence for each thing that was left out of one label, or that makes its estimates misleading."""
    if label.only_a or label.only_b:
        yield (
            f"Left out: {label.only_a:,} references with a decision of {comparison.a.name} only, and {label.only_b:,} "
            f"with a decision of {comparison.b.name} only."
        )
    if has_extreme_prevalence(label.table):
        yield (
            "More than 90% of all decisions are the same, so kappa can be low in spite of high agreement. "
            "Gwet's AC1 depends less on this."
        )
    if label.ranking is not None and label.ranking.without_score:
        yield f"{label.ranking.without_score:,} references have no score from {comparison.b.name} and rank last."
