"""The comparison in Python, in the form in which the console has it."""

import math
from dataclasses import asdict
from typing import Any

from exchange.compare.comparison import Comparison, LabelComparison
from exchange.compare.labels import Decision, Label, Labelling
from exchange.compare.ranking import Ranking
from exchange.compare.wording import list_label_notes, list_notes, name_labels

Json = dict[str, Any]


def describe_result(comparison: Comparison) -> Json:
    """Return the comparison and its sentences as `serve.mjs` does."""
    return {
        "comparison": describe(comparison),
        "names": name_labels(comparison),
        "notes": list(list_notes(comparison)),
        "label_notes": [list(list_label_notes(label, comparison)) for label in comparison.labels],
        "curves": [
            label.ranking
            and [
                [list(point) for point in label.ranking.list_roc_points()],
                [list(point) for point in label.ranking.list_precision_points()],
            ]
            for label in comparison.labels
        ],
    }


def describe(comparison: Comparison) -> Json:
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
    """Return the decision without its reasons, which the console does not keep."""
    return None if decision is None else {"value": decision.value, "score": decision.score}


def _describe_ranking(ranking: Ranking | None) -> Json | None:
    if ranking is None:
        return None
    steps = [{**asdict(step), "score": None if step.score == -math.inf else step.score} for step in ranking.steps]
    return {"steps": steps, "without_score": ranking.without_score}


def assert_same(actual: Any, expected: Any, path: str = "result") -> None:
    """Fail if the values differ, or numbers by more than rounding, or fields of objects have another order."""
    if isinstance(expected, dict):
        assert isinstance(actual, dict), path
        assert list(actual) == list(expected), path
        for name, value in expected.items():
            assert_same(actual[name], value, f"{path}.{name}")
    elif isinstance(expected, list):
        assert isinstance(actual, list), path
        assert len(actual) == len(expected), path
        for index, (item, value) in enumerate(zip(actual, expected, strict=True)):
            assert_same(item, value, f"{path}[{index}]")
    elif isinstance(expected, float):
        assert isinstance(actual, (int, float)), path
        # Next to zero, a difference of two rounded numbers has no exact digits.
        assert math.isclose(actual, expected, rel_tol=1e-12, abs_tol=1e-14), (path, actual, expected)
    else:
        assert (actual, type(actual)) == (expected, type(expected)), path
