"""What is printed at the end of a run."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.chaos.plan import Plan
from tests.chaos.verdicts import Verdict

_STATUSES = ("completed", "partial_failed", "failed", "rejected", "not ended", "not stored")


def summarize(plan: Plan, verdict: Verdict) -> Sequence[str]:
    """Return the lines of the summary."""
    total: Counter[str] = Counter()
    for counts in verdict.statuses.values():
        total += counts
    faults = Counter(str(fault.kind) for fault in plan.faults)
    lines = [_to_row("robot", _STATUSES)]
    for name, counts in [*sorted(verdict.statuses.items()), ("all", total)]:
        lines.append(_to_row(name, [counts[status] or "-" for status in _STATUSES]))
    lines.append("")
    lines.append(f"answers: {_to_list(verdict.answers)}")
    lines.append(f"faults: {_to_list(faults)}")
    lines += [f"passed: {number:>4} x {name}" for name, number in verdict.passed.items()]
    lines += [f"FAILED: {failure}" for failure in verdict.failures]
    if verdict.failures:
        lines.append(f"{len(verdict.failures)} checks failed. To repeat the schedule: {describe_command(plan)}")
    else:
        lines.append(f"All {verdict.passed.total()} checks passed with SEED={plan.seed}.")
    return lines


def _to_list(counts: Counter[str]) -> str:
    return ", ".join(f"{number} x {name}" for name, number in sorted(counts.items())) or "none"


def _to_row(name: str, cells: Iterable[object]) -> str:
    return f"{name:<24}" + "".join(f"{cell!s:>15}" for cell in cells)


def describe_command(plan: Plan) -> str:
    """Return the command that repeats the schedule."""
    return f"make chaos SECONDS={plan.seconds:g} SEED={plan.seed}"
