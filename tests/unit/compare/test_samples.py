"""The sample robot compared with the reviewers' labels of the sample references."""

from exchange.compare.statistics import ConfusionTable
from tests.unit.compare.samples import compare_samples


def test_the_sample_robot_is_compared_with_the_reviewers() -> None:
    (label,) = compare_samples().labels
    # The reviewers included 24 of the 500 references. The robot could not judge 39, none of which was included.
    assert label.table == ConfusionTable(16, 106, 8, 331)
    assert (label.only_a, label.only_b) == (39, 0)
    assert len(label.disagreements) == 114
    assert all(disagreement.title for disagreement in label.disagreements)
    assert label.ranking is not None
    assert label.ranking.without_score == 339
