import math
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exchange.compare.ranking import Ranking, estimate_ranking, rank
from exchange.compare.statistics import UNDEFINED, Z

# Hanley and McNeil, Radiology 143 (1982), table I: how a reader rated the images of normal and abnormal patients, on a
# scale from definitely normal to definitely abnormal.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)

# Few different scores, so that there are ties.
decisions = st.lists(st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9, None])), min_size=2, max_size=30)


def make_ranking(pairs: list[tuple[bool, float | None]]) -> Ranking:
    ranking = rank(pairs)
    assert ranking is not None
    return ranking


def to_number(score: float | None) -> float:
    return -math.inf if score is None else score


def test_the_area_of_a_published_example_with_ties() -> None:
    pairs: list[tuple[bool, float | None]] = []
    for rating in range(5):
        pairs += [(False, float(rating))] * NORMAL[rating] + [(True, float(rating))] * ABNORMAL[rating]
    area = estimate_ranking(rank(pairs))["roc_auc"]
    assert area.value == pytest.approx(0.893, abs=5e-4)
    assert area.low is not None
    # Their approximation of the standard error is 0.032.
    assert (0.893 - area.low) / Z == pytest.approx(0.032, abs=0.002)


def test_estimates_computed_by_hand() -> None:
    ranking = make_ranking([(True, 0.9), (False, 0.8), (True, 0.7), (False, 0.6), (False, None)])
    estimates = estimate_ranking(ranking)
    assert estimates["average_precision"].value == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # Of six pairs, the true reference ranks first in five.
    assert estimates["roc_auc"].value == pytest.approx(5 / 6)
    # Three of five are read.
    assert estimates["wss_95"].value == pytest.approx(2 / 5 - 0.05)
    assert ranking.without_score == 1
    assert ranking.list_roc_points()[0] == (0, 0)
    assert ranking.list_roc_points()[-1] == (1, 1)


def test_equal_scores_are_one_step() -> None:
    estimates = estimate_ranking(make_ranking([(True, 0.5), (False, 0.5), (False, 0.5), (True, 0.5)]))
    assert estimates["average_precision"].value == 0.5
    assert estimates["roc_auc"].value == 0.5
    assert estimates["wss_95"].value == pytest.approx(-0.05)


def test_recall_of_95_percent_is_compared_exactly() -> None:
    # 19 of 20 are 95 percent. The last one is far below.
    pairs = [*[(True, 0.9)] * 19, *[(False, 0.5)] * 80, (True, 0.1)]
    assert estimate_ranking(rank(pairs))["wss_95"].value == pytest.approx(0.81 - 0.05)


def test_a_perfect_ranking_has_no_interval() -> None:
    area = estimate_ranking(rank([(True, 0.9), (True, 0.8), (False, 0.2), (False, 0.1)]))["roc_auc"]
    assert (area.value, area.low) == (1, None)


@pytest.mark.parametrize("pairs", [[], [(True, 0.5)], [(False, 0.5), (False, 0.1)]])
def test_nothing_is_ranked_if_all_decisions_are_the_same(pairs: list[tuple[bool, float | None]]) -> None:
    assert rank(pairs) is None
    assert set(estimate_ranking(None).values()) == {UNDEFINED}


@given(decisions)
def test_the_estimates_agree_with_naive_ones(pairs: list[tuple[bool, float | None]]) -> None:
    trues = [to_number(score) for value, score in pairs if value]
    falses = [to_number(score) for value, score in pairs if not value]
    assume(trues and falses)
    estimates = estimate_ranking(rank(pairs))
    wins = {(i, j): (x > y) + (x == y) / 2 for (i, x), (j, y) in product(enumerate(trues), enumerate(falses))}
    area = sum(wins.values()) / len(wins)
    assert estimates["roc_auc"].value == pytest.approx(area)
    if estimates["roc_auc"].low not in {None, 0}:
        of_trues = [sum(wins[i, j] for j in range(len(falses))) / len(falses) for i in range(len(trues))]
        of_falses = [sum(wins[i, j] for i in range(len(trues))) / len(trues) for j in range(len(falses))]
        variance = sum(
            sum((share - area) ** 2 for share in shares) / (len(shares) - 1) / len(shares)
            for shares in (of_trues, of_falses)
        )
        assert estimates["roc_auc"].low == pytest.approx(area - Z * math.sqrt(variance))
    # Recall and precision of the references at or above the score of each true reference.
    precisions = [sum(x >= y for x in trues) / sum(x >= y for x in trues + falses) for y in trues]
    assert estimates["average_precision"].value == pytest.approx(sum(precisions) / len(trues))
    read = min(sum(x >= y for x in trues + falses) for y in trues if sum(x >= y for x in trues) / len(trues) >= 0.95)
    assert estimates["wss_95"].value == pytest.approx(1 - read / len(pairs) - 0.05)
