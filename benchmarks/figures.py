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
    """What a figure is to reach, at least or at most; and the floor under which it must not fall.

    They differ where the goal can't be had, for a reason that the results give: then the floor is what is had, with
    room for the weather of a shared machine.
    """

    value: float
    at_most: bool = False
    floor: float | None = None

    def reached(self, figure: float) -> bool:
        """Say whether the goal is reached."""
        return self._reaches(figure, self.value)

    def holds(self, figure: float) -> bool:
        """Say whether it is not under its floor."""
        return self._reaches(figure, self.value if self.floor is None else self.floor)

    def _reaches(self, figure: float, mark: float) -> bool:
        return figure <= mark if self.at_most else figure >= mark

    def __str__(self) -> str:
        floor = "" if self.floor is None else f" (floor {self.floor:g})"
        return f"{'<=' if self.at_most else '>='} {self.value:g}{floor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A row of the table. A bound is of the ratio to the naive way, of that to the limit, or of our own figure.

    `costs` says that less is better; `why` says what keeps it from its goal, if something does, and what would help.
    """

    name: str
    unit: str
    naive: Bound | None = None
    limit: Bound | None = None
    ours: Bound | None = None
    costs: bool = False
    why: str = ""


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
        """Say what is under its floor."""
        return self._said(Bound.holds)

    @property
    def short(self) -> list[str]:
        """Say what does not reach its goal."""
        return self._said(Bound.reached)

    def _said(self, good: Callable[[Bound, float], bool]) -> list[str]:
        looks = (
            ("times better than the naive way", self.goal.naive, self.ratio(NAIVE)),
            ("of the limit", self.goal.limit, self.ratio(LIMIT)),
            (self.goal.unit, self.goal.ours, self.figure(OURS)),
        )
        return [
            f"{self.goal.name}: {figure:.3g} {what}, and it is to be {bound}"
            for what, bound, figure in looks
            if bound is not None and figure is not None and not good(bound, figure)
        ]
