from dataclasses import replace

import pytest

from benchmarks.figures import LIMIT, NAIVE, OURS, Bound, Goal, Row
from benchmarks.table import BENCHMARKS, cells

GOALS = [goal for benchmark in BENCHMARKS for goal in benchmark.goals]


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_every_row_has_a_floor(goal: Goal) -> None:
    assert goal.naive or goal.limit or goal.ours


def goal_of(bound: Bound | None) -> Bound | None:
    return bound and replace(bound, floor=None)


def test_the_goals_are_these() -> None:
    assert {goal.name: tuple(map(goal_of, (goal.naive, goal.limit, goal.ours))) for goal in GOALS} == {
        "validate a line": (Bound(15), Bound(0.25), None),
        "validate step, Azurite": (Bound(6), Bound(0.30), None),
        "import, Cosmos server": (Bound(20), Bound(0.6), None),
        "import: requests per 1,000 entries": (None, None, Bound(35, at_most=True)),
        "import: client CPU per 1,000 entries": (Bound(15), None, None),
        "snapshot": (Bound(10), None, None),
        "register 100,000 ids: requests": (None, None, Bound(300, at_most=True)),
        "status reads: p99 while it works": (None, Bound(5, at_most=True), None),
        "status reads: the slowest": (None, None, Bound(1, at_most=True)),
        "cold start": (None, Bound(1.6, at_most=True), None),
    }


def test_the_best_round_of_each_way_counts() -> None:
    goal = Goal(name="speed", unit="lines/s", naive=Bound(15))
    # In the first round the naive way met weather: its ratio would be 100.
    row = Row(goal, {OURS: [100.0, 280.0], NAIVE: [1.0, 20.0]}, median=False)
    assert row.ratio(NAIVE) == 14
    assert row.missed == ["speed: 14 times better than the naive way, and it is to be >= 15"]


def test_the_median_counts_in_the_full_run() -> None:
    row = Row(Goal(name="speed", unit="lines/s", naive=Bound(15)), {OURS: [1, 2, 30], NAIVE: [1, 1, 1]}, median=True)
    assert row.ratio(NAIVE) == 2
    assert row.missed


def test_what_costs_is_to_cost_so_many_times_less() -> None:
    row = Row(Goal(name="CPU", unit="s", naive=Bound(15), costs=True), {OURS: [2.0], NAIVE: [28.0]}, median=False)
    assert row.ratio(NAIVE) == 14
    assert row.missed == ["CPU: 14 times better than the naive way, and it is to be >= 15"]


def test_at_most_picks_the_smallest_and_is_missed_above_it() -> None:
    goal = Goal(name="wait", unit="s", limit=Bound(5, at_most=True), costs=True)
    assert not Row(goal, {OURS: [9.0, 40.0], LIMIT: [2.0, 9.0]}, median=False).missed
    assert Row(goal, {OURS: [11.0, 40.0], LIMIT: [2.0, 9.0]}, median=False).missed


def test_a_row_says_whether_its_own_figure_holds() -> None:
    goal = Goal(name="requests", unit="requests", ours=Bound(35, at_most=True), costs=True)
    assert cells(Row(goal, {OURS: [35.0]}, median=False))[-1] == "holds"
    assert cells(Row(goal, {OURS: [36.0]}, median=False))[-1] == "UNDER ITS FLOOR"


@pytest.mark.parametrize(
    ("figure", "verdict"), [(15.0, "holds"), (14.0, "short of its goal"), (9.0, "UNDER ITS FLOOR")]
)
def test_between_floor_and_goal_a_row_is_short_of_its_goal(figure: float, verdict: str) -> None:
    row = Row(
        Goal(name="speed", unit="lines/s", naive=Bound(15, floor=10)), {OURS: [figure], NAIVE: [1.0]}, median=False
    )
    assert cells(row)[-1] == verdict
    assert bool(row.short) == (figure < 15)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
def test_a_floor_is_beneath_its_goal(goal: Goal) -> None:
    for bound in (goal.naive, goal.limit, goal.ours):
        if bound is not None and bound.floor is not None:
            assert not bound.reached(bound.floor)
            assert bound.holds(bound.value)
