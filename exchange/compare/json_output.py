"""A comparison as JSON: what `exchange batches compare --json` prints. The web console computes the same."""

import math
from dataclasses import asdict
from typing import Any

from exchange.compare.comparison import Comparison, LabelComparison
from exchange.compare.labels import Decision, Label, Labelling
from exchange.compare.ranking import Ranking

Json = dict[str, Any]


def to_json(comparison: Comparison) -> Json:
    """Return the comparison with all estimates and disagreements. What is not defined is null.

    `a` is the baseline. Reasons of decisions are left out. A step of a ranking for the references without a score has a
    `score` of null.
    """
    return {
        "a": _describe_side(comparison.a),
        "b": _describe_side(comparison.b),
        "threshold": comparison.a.threshold,
        "absent": str(comparison.absent),
        "labels": [_describe_label(label) for label in comparison.labels],
        "schemes": [asdict(scheme) for scheme in comparison.schemes],
        "not_compared_a": [_describe_name(label) for label in comparison.not_compared_a],
        "not_compared_b": [_describe_name(label) for label in comparison.not_compared_b],
    }


def _describe_side(side: Labelling) -> Json:
    judged = len(set().union(*side.judged.values()))
    fields = {"name": side.name, "source": side.source, "judged": judged}
    return {**fields, "repeated": side.repeated, "unidentified": side.unidentified}


def _describe_label(label: LabelComparison) -> Json:
    return {
        "pair": {"a": _describe_name(label.pair.a), "b": _describe_name(label.pair.b)},
        "table": asdict(label.table),
        "only_a": label.only_a,
        "only_b": label.only_b,
        "estimates": {name: asdict(estimate) for name, estimate in label.estimates.items()},
        "ranking": _describe_ranking(label.ranking),
        "disagreements": [
            {"key": item.key, "title": item.title, "a": _describe_decision(item.a), "b": _describe_decision(item.b)}
            for item in label.disagreements
        ],
    }


def _describe_name(label: Label) -> Json:
    return {"scheme": label.scheme, "label": label.label}


def _describe_decision(decision: Decision | None) -> Json | None:
    """Return the decision without its reasons."""
    return None if decision is None else {"value": decision.value, "score": decision.score}


def _describe_ranking(ranking: Ranking | None) -> Json | None:
    if ranking is None:
        return None
    steps = [{**asdict(step), "score": None if step.score == -math.inf else step.score} for step in ranking.steps]
    return {"steps": steps, "without_score": ranking.without_score}
