"""The goals of the benchmarks, and the figures that are compared with them."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks.site import Site

OURS, NAIVE, LIMIT = "ours", "naive", "limit"

Rounds = Mapping[str, list[float]]
"""The figures of each implementation, one per round. All implementations are measured in each round."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A goal, as a minimum or maximum. The short run fails if the figure does not reach the floor.

    The floor is the goal itself, unless the goal cannot be reached. Then it is what was reached, with a margin for the
    variation of a shared machine. The results explain why.
    """

    value: float
    at_most: bool = False
    floor: float | None = None

    def is_goal_reached(self, figure: float) -> bool:
        """Return whether the figure reaches the goal."""
        return self._is_reached(figure, self.value)

    def is_floor_reached(self, figure: float) -> bool:
        """Return whether the figure reaches the floor."""
        return self._is_reached(figure, self.value if self.floor is None else self.floor)

    def _is_reached(self, figure: float, required: float) -> bool:
        return figure <= required if self.at_most else figure >= required

    def __str__(self) -> str:
        floor = "" if self.floor is None else f" (floor {self.floor:g})"
        return f"{'<=' if self.at_most else '>='} {self.value:g}{floor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A row of the table. `naive` and `limit` bound the ratios, `ours` bounds our own figure.

    `explanation` says why a goal is not reached, and what would help.
    """

    name: str
    unit: str
    naive: Bound | None = None
    limit: Bound | None = None
    ours: Bound | None = None
    lower_is_better: bool = False
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much to measure: the full run, or a short one."""

    full: bool
    rounds: int

    def choose(self, short: int, full: int) -> int:
        """Return the number for this run."""
        return full if self.full else short


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Measures the figures of some rows. `measure` returns them by the name of the row."""

    goals: tuple[Goal, ...]
    measure: Callable[[Site, Effort], Awaitable[dict[str, Rounds]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its figures. A figure is the median of all rounds in the full run, the best round in the short run.

    Other load on the machine only makes rounds worse, so the best rounds are comparable. The best ratio of a round
    would be that of the round in which the other implementation was disturbed most.
    """

    goal: Goal
    rounds: Rounds
    median: bool

    def compute_figure(self, implementation: str) -> float | None:
        """Return the figure of an implementation. None if it was not measured."""
        figures = self.rounds.get(implementation)
        if not figures:
            return None
        return statistics.median(figures) if self.median else (min if self.goal.lower_is_better else max)(figures)

    def compute_ratio(self, other: str) -> float | None:
        """Return how many times better ours is than the naive implementation, or the ratio of ours to the limit."""
        ours, theirs = self.compute_figure(OURS), self.compute_figure(other)
        if not ours or not theirs:
            return None
        return theirs / ours if self.goal.lower_is_better and other == NAIVE else ours / theirs

    @property
    def missed_floors(self) -> list[str]:
        """A text for each figure that does not reach its floor."""
        return self._describe_missed(Bound.is_floor_reached)

    @property
    def missed_goals(self) -> list[str]:
        """A text for each figure that does not reach its goal."""
        return self._describe_missed(Bound.is_goal_reached)

    def _describe_missed(self, is_reached: Callable[[Bound, float], bool]) -> list[str]:
        figures = (
            ("times better than the naive implementation", self.goal.naive, self.compute_ratio(NAIVE)),
            ("times the limit", self.goal.limit, self.compute_ratio(LIMIT)),
            (self.goal.unit, self.goal.ours, self.compute_figure(OURS)),
        )
        return [
            f"{self.goal.name}: {figure:.3g} {unit}, the goal is {bound}"
            for unit, bound, figure in figures
            if bound is not None and figure is not None and not is_reached(bound, figure)
        ]
