"""The comparison in Python, in the form in which the console has it."""

import math
from typing import Any

from exchange.compare.comparison import Comparison
from exchange.compare.json_output import to_json
from exchange.compare.wording import list_label_notes, list_notes, name_labels

Json = dict[str, Any]


def describe_result(comparison: Comparison) -> Json:
    """Return the comparison and its sentences as `serve.mjs` does."""
    return {
        "comparison": to_json(comparison),
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
