"""The comparison of two labellings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from exchange.compare.catalogue import Catalogue
from exchange.compare.labels import Decision, Label, Labelling, LabelPair, pair_labels
from exchange.compare.ranking import Ranking, estimate_ranking, rank
from exchange.compare.schemes import Average, MultiClass, average_macro, average_micro, tabulate_choices
from exchange.compare.statistics import ConfusionTable, Estimate, estimate_all
from exchange.domain.errors import InputRejected


class Absent(StrEnum):
    """What it means that a side judged a reference for a scheme, but without an annotation of this label."""

    FALSE = "false"
    """The label does not apply. Robots that write only the labels that apply need this."""
    LEFT_OUT = "left_out"
    """Nothing is known, so the reference is left out for this label."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A reference on whose label the sides disagree. A decision is None if the label is absent."""

    key: str
    title: str | None
    a: Decision | None
    b: Decision | None


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """The comparison of one label."""

    pair: LabelPair
    table: ConfusionTable
    only_a: int
    """The number of references that were left out because only A has a decision."""
    only_b: int
    estimates: dict[str, Estimate]
    ranking: Ranking | None
    """None if B has no scores, has a true label without a score, or if A's decisions are all the same."""
    disagreements: list[Disagreement]
    """Those that B missed come first, then by B's score, highest first, and by title."""


@dataclass(frozen=True, slots=True)
class SchemeComparison:
    """The labels of a scheme together, if two or more of them are compared."""

    scheme_a: str
    scheme_b: str
    labels: int
    macro: dict[str, Average]
    micro: dict[str, Average]
    choices: MultiClass | None
    """None unless each reference has exactly one true label on each side."""

    @property
    def name(self) -> str:
        """The name of the scheme, or of both."""
        return self.scheme_a if self.scheme_a == self.scheme_b else f"{self.scheme_a} = {self.scheme_b}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result, with what a reader has to know to judge it."""

    a: Labelling
    b: Labelling
    compared_at: datetime
    absent: Absent
    labels: list[LabelComparison] = field(default_factory=list)
    schemes: list[SchemeComparison] = field(default_factory=list)
    not_compared_a: list[Label] = field(default_factory=list)
    """Labels of A that B has no scheme for, and that are not mapped to a label of B."""
    not_compared_b: list[Label] = field(default_factory=list)


def compare(  # noqa: PLR0913 - the two sides, what both need, and two choices
    a: Labelling,
    b: Labelling,
    catalogue: Catalogue,
    compared_at: datetime,
    *,
    mapping: Sequence[LabelPair] = (),
    absent: Absent = Absent.FALSE,
) -> Comparison:
    """Compare the labels of B with those of A, which is the baseline.

    A reference counts for a label if both sides judged it for the label's scheme, which means that it has any
    annotation of this scheme. Others are left out and counted. `absent` decides about judged references without this
    label. Raises InputRejected if the sides have no scheme in common and there is no mapping.
    """
    pairs = pair_labels(a, b, mapping)
    if not pairs:
        raise InputRejected(
            f"{a.name} (schemes: {_list_schemes(a)}) and {b.name} (schemes: {_list_schemes(b)}) have no scheme in "
            "common. Map at least one label of the one to a label of the other."
        )
    labels = [_compare_label(a, b, pair, catalogue, absent) for pair in pairs]
    return Comparison(
        a,
        b,
        compared_at,
        absent,
        labels,
        _compare_schemes(a, b, labels),
        sorted(a.decisions.keys() - {pair.a for pair in pairs}),
        sorted(b.decisions.keys() - {pair.b for pair in pairs}),
    )


def add_titles(comparison: Comparison, catalogue: Catalogue) -> Comparison:
    """Return the comparison with the titles of disagreements that the catalogue has learned since."""
    labels = []
    for label in comparison.labels:
        titled = (replace(item, title=catalogue.find_title(item.key)) for item in label.disagreements)
        labels.append(replace(label, disagreements=sorted(titled, key=_order)))
    return replace(comparison, labels=labels)


def _list_schemes(side: Labelling) -> str:
    return ", ".join(sorted(side.judged)) or "none"


def _compare_label(
    a: Labelling, b: Labelling, pair: LabelPair, catalogue: Catalogue, absent: Absent
) -> LabelComparison:
    decisions_a, decisions_b = a.decisions.get(pair.a, {}), b.decisions.get(pair.b, {})
    keys_a, keys_b = set(decisions_a), set(decisions_b)
    if absent is Absent.FALSE:
        keys_a, keys_b = a.judged.get(pair.a.scheme, set()), b.judged.get(pair.b.scheme, set())
    # Sorted, so that the output is deterministic.
    compared = [(decisions_a.get(key), decisions_b.get(key), key) for key in sorted(keys_a & keys_b)]
    counts = Counter((_is_true(of_a), _is_true(of_b)) for of_a, of_b, _ in compared)
    table = ConfusionTable(counts[True, True], counts[False, True], counts[True, False], counts[False, False])
    can_rank = _can_rank([of_b for _, of_b, _ in compared])
    ranking = rank((_is_true(of_a), of_b.score if of_b else None) for of_a, of_b, _ in compared) if can_rank else None
    estimates = estimate_all(table)
    if can_rank:
        estimates |= estimate_ranking(ranking)
    disagreements = (
        Disagreement(key, catalogue.find_title(key), of_a, of_b)
        for of_a, of_b, key in compared
        if _is_true(of_a) != _is_true(of_b)
    )
    return LabelComparison(
        pair, table, len(keys_a - keys_b), len(keys_b - keys_a), estimates, ranking, sorted(disagreements, key=_order)
    )


def _is_true(decision: Decision | None) -> bool:
    return decision is not None and decision.value


def _can_rank(decisions: Iterable[Decision | None]) -> bool:
    """Return whether there are scores, and every true label has one. A reference without a score ranks last."""
    present = [decision for decision in decisions if decision is not None]
    has_scores = any(decision.score is not None for decision in present)
    return has_scores and all(decision.score is not None for decision in present if decision.value)


def _order(disagreement: Disagreement) -> tuple[bool, float, str, str]:
    score = disagreement.b.score if disagreement.b else None
    return _is_true(disagreement.b), -(score or 0.0), disagreement.title or "", disagreement.key


def _compare_schemes(a: Labelling, b: Labelling, labels: Sequence[LabelComparison]) -> list[SchemeComparison]:
    groups: dict[tuple[str, str], list[LabelComparison]] = {}
    for label in labels:
        groups.setdefault((label.pair.a.scheme, label.pair.b.scheme), []).append(label)
    return [_compare_scheme(a, b, group) for group in groups.values() if len(group) > 1]


def _compare_scheme(a: Labelling, b: Labelling, group: Sequence[LabelComparison]) -> SchemeComparison:
    pairs = [label.pair for label in group]
    scheme_a, scheme_b = pairs[0].a.scheme, pairs[0].b.scheme
    keys = sorted(a.judged.get(scheme_a, set()) & b.judged.get(scheme_b, set()))
    names_a = {pair.a: pair.a.label for pair in pairs}
    names_b = {pair.b: pair.a.label for pair in pairs}
    one_to_one = len(names_a) == len(names_b) == len(pairs)
    return SchemeComparison(
        scheme_a,
        scheme_b,
        len(group),
        average_macro([label.estimates for label in group]),
        average_micro([label.table for label in group]),
        tabulate_choices(_find_choices(a, scheme_a, keys, names_a), _find_choices(b, scheme_b, keys, names_b))
        if one_to_one
        else None,
    )


def _find_choices(side: Labelling, scheme: str, keys: Iterable[str], names: dict[Label, str]) -> list[list[str | None]]:
    """Return the true labels of each reference. A label that is not compared is None."""
    labels = [label for label in side.decisions if label.scheme == scheme]
    return [[names.get(label) for label in labels if _is_true(side.decisions[label].get(key))] for key in keys]
