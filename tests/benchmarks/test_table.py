from dataclasses import replace

import pytest

from benchmarks.goals import LIMIT, NAIVE, OURS, Bound, Goal, Row
from benchmarks.table import BENCHMARKS, format_cells

GOALS = [goal for benchmark in BENCHMARKS for goal in benchmark.goals]


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_every_row_has_a_goal(goal: Goal) -> None:
    assert goal.naive or goal.limit or goal.ours


def without_floor(bound: Bound | None) -> Bound | None:
    return bound and replace(bound, floor=None)


def test_the_goals() -> None:
    assert {goal.name: tuple(map(without_floor, (goal.naive, goal.limit, goal.ours))) for goal in GOALS} == {
        "validate a line": (Bound(15), Bound(0.25), None),
        "validate a line, naive with one adapter": (Bound(1.3), None, None),
        "validate a file (Azurite)": (Bound(6), Bound(0.30), None),
        "validate a file (Azurite), naive with one adapter": (Bound(1), None, None),
        "import (Cosmos DB server)": (Bound(20), Bound(0.6), None),
        "import: requests per 1,000 entries": (None, None, Bound(35, at_most=True)),
        "import: client CPU per 1,000 entries": (Bound(15), None, None),
        "snapshot": (Bound(10), None, None),
        "register 100,000 ids: requests": (None, None, Bound(300, at_most=True)),
        "register and snapshot of 500: read requests": (None, None, Bound(12, at_most=True)),
        "status reads under load: p99": (None, Bound(5, at_most=True), None),
        "status reads under load: slowest": (None, None, Bound(1, at_most=True)),
        "whole flow, 500 references": (Bound(1), None, None),
        "whole flow, 25,000 references": (Bound(1.05), None, None),
        "whole flow, 100,000 references": (Bound(1.05), None, None),
        "exchange --help": (None, Bound(3, at_most=True), Bound(0.3, at_most=True)),
        "references load --dry-run, RIS": (None, None, Bound(200, at_most=True)),
        "references load, RIS": (None, Bound(0.9), None),
        "references load, RIS: memory above idle": (None, Bound(1.5, at_most=True), Bound(200, at_most=True)),
        "robot kit, one reference": (Bound(0.5), None, Bound(50, at_most=True)),
        "cold start": (None, Bound(1.6, at_most=True), None),
        "one reference, whole flow": (None, Bound(6, at_most=True), Bound(0.2, at_most=True)),
        "20 references, whole flow": (None, Bound(8, at_most=True), Bound(0.3, at_most=True)),
    }


def test_the_short_run_uses_the_best_round_of_each_implementation() -> None:
    goal = Goal(name="speed", unit="lines/s", naive=Bound(15))
    # In the first round the naive implementation was disturbed: the ratio of that round would be 100.
    row = Row(goal, {OURS: [100.0, 280.0], NAIVE: [1.0, 20.0]}, median=False)
    assert row.compute_ratio(NAIVE) == 14
    assert row.missed_floors == ["speed: 14 times better than the naive implementation, the goal is >= 15"]


def test_the_full_run_uses_the_median() -> None:
    row = Row(Goal(name="speed", unit="lines/s", naive=Bound(15)), {OURS: [1, 2, 30], NAIVE: [1, 1, 1]}, median=True)
    assert row.compute_ratio(NAIVE) == 2
    assert row.missed_floors


def test_a_ratio_is_inverted_if_lower_is_better() -> None:
    row = Row(
        Goal(name="CPU", unit="s", naive=Bound(15), lower_is_better=True), {OURS: [2.0], NAIVE: [28.0]}, median=False
    )
    assert row.compute_ratio(NAIVE) == 14
    assert row.missed_floors == ["CPU: 14 times better than the naive implementation, the goal is >= 15"]


def test_a_maximum_is_compared_with_the_smallest_figure() -> None:
    goal = Goal(name="wait", unit="s", limit=Bound(5, at_most=True), lower_is_better=True)
    assert not Row(goal, {OURS: [9.0, 40.0], LIMIT: [2.0, 9.0]}, median=False).missed_floors
    assert Row(goal, {OURS: [11.0, 40.0], LIMIT: [2.0, 9.0]}, median=False).missed_floors


def test_the_result_of_a_row_with_a_goal_for_its_own_figure() -> None:
    goal = Goal(name="requests", unit="requests", ours=Bound(35, at_most=True), lower_is_better=True)
    assert format_cells(Row(goal, {OURS: [35.0]}, median=False))[-1] == "goal reached"
    assert format_cells(Row(goal, {OURS: [36.0]}, median=False))[-1] == "BELOW THE FLOOR"


@pytest.mark.parametrize(
    ("figure", "result"), [(15.0, "goal reached"), (14.0, "goal missed"), (9.0, "BELOW THE FLOOR")]
)
def test_a_figure_between_floor_and_goal_misses_the_goal_only(figure: float, result: str) -> None:
    row = Row(
        Goal(name="speed", unit="lines/s", naive=Bound(15, floor=10)), {OURS: [figure], NAIVE: [1.0]}, median=False
    )
    assert format_cells(row)[-1] == result
    assert bool(row.missed_goals) == (figure < 15)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_a_floor_is_easier_than_its_goal(goal: Goal) -> None:
    for bound in (goal.naive, goal.limit, goal.ours):
        if bound is not None and bound.floor is not None:
            assert not bound.is_goal_reached(bound.floor)
            assert bound.is_floor_reached(bound.value)
