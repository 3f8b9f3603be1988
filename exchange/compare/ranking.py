"""How well the scores of B rank the references that A labels true.

References with the same score are one step: no order within it is assumed.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from exchange.compare.statistics import UNDEFINED, Estimate, make_symmetric

# Work saved over sampling is reported at this recall.
_RECALL_PERCENT = 95


@dataclass(frozen=True, slots=True)
class Step:
    """The references whose score is at least `score`, and how many of them A labels true and false."""

    score: float
    true_positives: int
    false_positives: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """The steps from the highest score to the lowest. The last step has all references."""

    steps: list[Step]
    without_score: int
    """The number of references without a score. They are the last step, with a score of minus infinity."""

    @property
    def positives(self) -> int:
        """The number of references that A labels true."""
        return self.steps[-1].true_positives

    @property
    def negatives(self) -> int:
        """The number of references that A labels false."""
        return self.steps[-1].false_positives

    def list_roc_points(self) -> list[tuple[float, float]]:
        """Return the points (1 - specificity, recall), from (0, 0) to (1, 1)."""
        points = [(step.false_positives / self.negatives, step.true_positives / self.positives) for step in self.steps]
        return [(0.0, 0.0), *points]

    def list_precision_points(self) -> list[tuple[float, float]]:
        """Return the points (recall, precision), by increasing recall."""
        return [
            (step.true_positives / self.positives, step.true_positives / (step.true_positives + step.false_positives))
            for step in self.steps
        ]


def rank(decisions: Iterable[tuple[bool, float | None]]) -> Ranking | None:
    """Return the ranking of A's decisions by B's scores. None if A's decisions are all the same."""
    trues: Counter[float] = Counter()
    falses: Counter[float] = Counter()
    without_score = 0
    for value, score in decisions:
        without_score += score is None
        (trues if value else falses)[-math.inf if score is None else score] += 1
    if not trues or not falses:
        return None
    steps: list[Step] = []
    true_positives = false_positives = 0
    for score in sorted(trues.keys() | falses.keys(), reverse=True):
        true_positives += trues[score]
        false_positives += falses[score]
        steps.append(Step(score, true_positives, false_positives))
    return Ranking(steps, without_score)


def estimate_ranking(ranking: Ranking | None) -> dict[str, Estimate]:
    """Return the estimates of a ranking, by the names in `definitions`."""
    if ranking is None:
        return dict.fromkeys(("average_precision", "roc_auc", "wss_95"), UNDEFINED)
    return {
        "average_precision": _estimate_average_precision(ranking),
        "roc_auc": _estimate_auc(ranking),
        "wss_95": _estimate_wss(ranking),
    }


def _estimate_average_precision(ranking: Ranking) -> Estimate:
    total = recall_before = 0.0
    for recall, precision in ranking.list_precision_points():
        total += (recall - recall_before) * precision
        recall_before = recall
    return Estimate(total)


def _estimate_auc(ranking: Ranking) -> Estimate:
    """Return the area under the ROC curve with the interval of DeLong, DeLong and Clarke-Pearson (1988)."""
    positives, negatives = ranking.positives, ranking.negatives
    # For each step: how many references are in it, and the share of the other class that they are ranked right with.
    of_trues: list[tuple[int, float]] = []
    of_falses: list[tuple[int, float]] = []
    before = Step(math.inf, 0, 0)
    for step in ranking.steps:
        trues = step.true_positives - before.true_positives
        falses = step.false_positives - before.false_positives
        of_trues.append((trues, (negatives - before.false_positives - falses / 2) / negatives))
        of_falses.append((falses, (before.true_positives + trues / 2) / positives))
        before = step
    area = sum(count * share for count, share in of_trues) / positives
    if positives == 1 or negatives == 1:
        return Estimate(area)
    variance = _vary(of_trues, area, positives) + _vary(of_falses, area, negatives)
    return make_symmetric(area, variance, lowest=0.0)


def _vary(shares: list[tuple[int, float]], mean: float, total: int) -> float:
    return sum(count * (share - mean) ** 2 for count, share in shares) / ((total - 1) * total)


def _estimate_wss(ranking: Ranking) -> Estimate:
    """Return the share of references that need not be read for 95 percent recall, minus the 5 percent of chance."""
    total = ranking.positives + ranking.negatives
    last = next(step for step in ranking.steps if 100 * step.true_positives >= _RECALL_PERCENT * ranking.positives)
    unread = total - last.true_positives - last.false_positives
    return Estimate(unread / total - (100 - _RECALL_PERCENT) / 100)
