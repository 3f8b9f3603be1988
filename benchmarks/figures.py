"""What is measured, and what it has to reach."""

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from benchmarks.site import Site

OURS, NAIVE, LIMIT = "ours", "naive", "limit"

Rounds = Mapping[str, list[float]]
"""The figures of each way, a round each, in the order of the rounds: those of one round were taken side by side."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure has to reach: at least this, or at most."""

    value: float
    at_most: bool = False

    def holds(self, figure: float) -> bool:
        """Say whether it is reached."""
        return figure <= self.value if self.at_most else figure >= self.value

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A row of the table. A bound is of the ratio to the naive way, of that to the limit, or of our own figure.

    `costs` says that less is better.
    """

    name: str
    unit: str
    naive: Bound | None = None
    limit: Bound | None = None
    ours: Bound | None = None
    costs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured: `size` takes the one number in the short run and the other in the full one."""

    full: bool
    rounds: int

    def size(self, short: int, full: int) -> int:
        """Choose how many."""
        return full if self.full else short


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Measures the figures of some rows; what it gives is by the rows' names."""

    goals: tuple[Goal, ...]
    measure: Callable[[Site, Effort], Awaitable[dict[str, Rounds]]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its figures: of each way the best round in the short run, the median of all in the full one.

    What else runs on the machine only ever makes a round worse, so the best of each way are the ones to compare; the
    best of the rounds' ratios would be that of the round in which the other way met the most weather.
    """

    goal: Goal
    rounds: Rounds
    median: bool

    def figure(self, way: str) -> float | None:
        """Give a way's figure, if it was measured."""
        figures = self.rounds.get(way)
        if not figures:
            return None
        return statistics.median(figures) if self.median else (min if self.goal.costs else max)(figures)

    def ratio(self, way: str) -> float | None:
        """Give the ratio to another way: how many times better ours is than the naive, and how far from the limit."""
        ours, other = self.figure(OURS), self.figure(way)
        if not ours or not other:
            return None
        return other / ours if self.goal.costs and way == NAIVE else ours / other

    @property
    def missed(self) -> list[str]:
        """Say what it does not reach."""
        looks = (
            ("times better than the naive way", self.goal.naive, self.ratio(NAIVE)),
            ("of the limit", self.goal.limit, self.ratio(LIMIT)),
            (self.goal.unit, self.goal.ours, self.figure(OURS)),
        )
        return [
            f"{self.goal.name}: {figure:.3g} {what}, and it is to be {bound}"
            for what, bound, figure in looks
            if bound is not None and figure is not None and not bound.holds(figure)
        ]
