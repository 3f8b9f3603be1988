"""The comparison as text for a terminal."""

from collections.abc import Iterator, Sequence

from exchange.compare.comparison import Comparison, Disagreement, LabelComparison, SchemeComparison
from exchange.compare.definitions import DEFINITIONS
from exchange.compare.wording import (
    describe_decision,
    describe_side,
    format_interval,
    format_score,
    format_time,
    format_value,
    list_label_notes,
    list_notes,
    name_labels,
)

WIDTH = 100
DEFAULT_DISAGREEMENTS = 10

_SUMMARY = ("agreement", "kappa", "precision", "recall", "f1")
_NUMBER_WIDTH = 11
_NAME_WIDTH = WIDTH - (len(_SUMMARY) + 1) * (_NUMBER_WIDTH + 1)


def to_text(comparison: Comparison, max_disagreements: int = DEFAULT_DISAGREEMENTS) -> str:
    """Return the comparison as lines of at most 100 columns, with at most some disagreements for each label."""
    lines = [
        f"A: {comparison.a.name}. {describe_side(comparison.a)}",
        f"B: {comparison.b.name}. {describe_side(comparison.b)}",
        f"Compared at {format_time(comparison)}.",
        "",
        *_summarise(comparison),
    ]
    for scheme in comparison.schemes:
        lines += ["", *_write_scheme(scheme)]
    for label in comparison.labels:
        lines += ["", *_write_label(label, comparison, max_disagreements)]
    lines += ["", "Notes", *(f"- {note}" for note in list_notes(comparison))]
    return "\n".join(part for line in lines for part in _wrap(_make_printable(line))) + "\n"


def _make_printable(line: str) -> str:
    """Replace characters that a terminal could read as a command."""
    return "".join(character if character.isprintable() else "?" for character in line)


def _wrap(line: str) -> Iterator[str]:
    """Yield the line in parts of at most 100 columns. Spaces within a part stay as they are."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    while len(line) > WIDTH:
        end = line.rfind(" ", len(indent), WIDTH + 1)
        end = WIDTH if end == -1 else end
        yield line[:end].rstrip()
        line = indent + line[end:].lstrip()
    yield line.rstrip()


def _write_row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<{_NAME_WIDTH}}" + "".join(f" {cell:>{_NUMBER_WIDTH}}" for cell in cells)


def _summarise(comparison: Comparison) -> Iterator[str]:
    yield _write_row("Label", ["references", "agreement", "kappa", "precision", "recall", "F1"])
    yield "-" * WIDTH
    for name, label in zip(name_labels(comparison), comparison.labels, strict=True):
        estimates = [format_value(label.estimates[statistic].value) for statistic in _SUMMARY]
        if len(name) > _NAME_WIDTH:
            yield name
        yield _write_row(name if len(name) <= _NAME_WIDTH else "", [f"{label.table.total:,}", *estimates])


def _write_scheme(scheme: SchemeComparison) -> Iterator[str]:
    yield f"Scheme {scheme.name}, {scheme.labels} labels"
    for name, averages in (("macro average", scheme.macro), ("micro average", scheme.micro)):
        values = ", ".join(
            f"{DEFINITIONS[key].title} {format_value(average.value)} ({average.labels} labels)"
            for key, average in averages.items()
        )
        yield f"  {name}: {values}"
    if scheme.choices is not None:
        kappa = scheme.choices.kappa
        yield f"  one label for each reference: kappa {format_value(kappa.value)} {_bracket(format_interval(kappa))}"
        for category, row in zip(scheme.choices.categories, scheme.choices.rows, strict=True):
            cells = zip(scheme.choices.categories, row, strict=True)
            yield f"    A {category}: " + ", ".join(f"B {other} {count:,}" for other, count in cells if count)


def _write_label(label: LabelComparison, comparison: Comparison, max_disagreements: int) -> Iterator[str]:
    yield f"{label.pair}"
    for name, estimate in label.estimates.items():
        interval = _bracket(format_interval(estimate))
        yield f"  {DEFINITIONS[name].title:<20}{format_value(estimate.value):>{_NUMBER_WIDTH}}  {interval}"
    (both, only_a), (only_b, neither) = label.table.rows
    yield f"  {'':<20}{'B true':>{_NUMBER_WIDTH}}{'B false':>{_NUMBER_WIDTH}}"
    yield f"  {'A true':<20}{both:>{_NUMBER_WIDTH},}{only_a:>{_NUMBER_WIDTH},}"
    yield f"  {'A false':<20}{only_b:>{_NUMBER_WIDTH},}{neither:>{_NUMBER_WIDTH},}"
    yield from (f"  {note}" for note in list_label_notes(label, comparison))
    shown = label.disagreements[:max_disagreements]
    yield f"  Disagreements: {len(label.disagreements):,}, shown: {len(shown):,}"
    yield from map(_write_disagreement, shown)


def _write_disagreement(disagreement: Disagreement) -> str:
    b = disagreement.b
    score = f" {format_score(b.score)}" if b is not None and b.score is not None else ""
    decisions = f"A {describe_decision(disagreement.a)}, B {describe_decision(b)}{score}"
    return f"    {decisions}: {disagreement.title or '(no title)'} [{disagreement.key}]"


def _bracket(interval: str) -> str:
    return f"({interval})" if interval else ""
