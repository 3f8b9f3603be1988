"""The report that each part of the demo should have, computed without the code of the exchange."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from local.demo.errors import DemoError
from samples.misbehaving_robot.mistakes import LEFT_OUT, MISTAKES, NOT_REQUESTED_REFERENCE
from samples.robot_from_scratch.robot import make_entry

Json = dict[str, Any]

ADDED = "added"
ROBOT_ERROR = "the robot reported an error"
UNREADABLE = "could not be read"
NOT_REQUESTED = "not requested"
DUPLICATE = "duplicate"
NOT_STORABLE = "could not be stored"
MISSING = "missing"

# How the messages of the report begin, and the kind that each of them means.
_KINDS = {
    "The robot reported": ROBOT_ERROR,
    "Could not be read": UNREADABLE,
    "Not one of the references": NOT_REQUESTED,
    "Same content as an earlier entry": DUPLICATE,
    "Could not be stored": NOT_STORABLE,
    "Missing": MISSING,
}

# The kinds of lines that the report should have for each mistake. If the line of the result names no reference, the
# reference is also missing.
KINDS_BY_MISTAKE: Mapping[str, tuple[str, ...]] = {
    "a valid entry": (ADDED,),
    "not JSON": (UNREADABLE, MISSING),
    "a text as the score": (UNREADABLE,),
    "NaN as the score": (UNREADABLE,),
    "no source": (UNREADABLE,),
    "a list as the entry": (UNREADABLE, MISSING),
    "an unknown enhancement type": (UNREADABLE,),
    "an integer beyond 2^53": (NOT_STORABLE,),
    "150 levels of nesting": (NOT_STORABLE,),
    NOT_REQUESTED_REFERENCE: (NOT_REQUESTED, MISSING),
    "the same entry twice": (ADDED, DUPLICATE),
    "an error for a reference": (ROBOT_ERROR,),
    "blank lines around a valid entry": (ADDED,),
    LEFT_OUT: (MISSING,),
}

ReportLine = tuple[str, str | None]
"""The kind of a line, and the id of the requested reference that it is about, if there is one."""


def read_report(report: Iterable[Json]) -> Counter[ReportLine]:
    """Count the lines of a report."""
    lines = ((_find_kind(line["error"]), line["reference_id"]) for line in report)
    return Counter((kind, None if kind == NOT_REQUESTED else reference_id) for kind, reference_id in lines)


def count_references(lines: Counter[ReportLine], requested: int) -> Json:
    """Count the requested references by state, without the states that none has."""
    enhanced = {reference_id for kind, reference_id in lines if kind == ADDED}
    missing = {reference_id for kind, reference_id in lines if kind == MISSING}
    counts = {
        "requested": requested,
        "enhanced": len(enhanced),
        "failed": requested - len(enhanced) - len(missing),
        "missing": len(missing),
    }
    return {state: count for state, count in counts.items() if count}


def count_kinds(lines: Counter[ReportLine]) -> Counter[str]:
    """Count the lines of each kind."""
    totals: Counter[str] = Counter()
    for (kind, _), count in lines.items():
        totals[kind] += count
    return totals


def select_judgeable(references: Mapping[str, Json]) -> list[str]:
    """Return the ids of the references that the sample robot can judge. For the others it would report an error."""
    return [reference_id for reference_id, loaded in references.items() if _is_judgeable(loaded)]


def _is_judgeable(loaded: Json) -> bool:
    enhancements = [{**enhancement, "id": None} for enhancement in loaded["enhancements"]]
    return "content" in make_entry({"id": None, "enhancements": enhancements})


def expect_from_sample_robot(reference_ids: Iterable[str]) -> Counter[ReportLine]:
    """Return the lines for references that the robot can judge: one added enhancement for each."""
    return Counter((ADDED, reference_id) for reference_id in reference_ids)


def expect_from_misbehaving_robot(account: Mapping[str, list[str]]) -> Counter[ReportLine]:
    """Return the lines for the mistakes that the robot says it made. Raises DemoError if it left a mistake out."""
    expected: Counter[ReportLine] = Counter()
    for mistake in MISTAKES:
        if not account.get(mistake.name):
            raise DemoError(f"The robot did not make the mistake '{mistake.name}'.")
        kinds = KINDS_BY_MISTAKE[mistake.name]
        unnamed = {kind for kind in kinds if MISSING in kinds} - {MISSING}
        expected.update(
            (kind, None if kind in unnamed else reference_id)
            for reference_id in account[mistake.name]
            for kind in kinds
        )
    return expected


def check(expected: Counter[ReportLine], found: Counter[ReportLine]) -> None:
    """Raise DemoError with an example if the report does not have exactly the expected lines."""
    faults = [f"{_describe(expected - found)} missing"] if expected - found else []
    faults += [f"{_describe(found - expected)} not expected"] if found - expected else []
    if faults:
        raise DemoError(f"The report is wrong: {'; '.join(faults)}.")


def _describe(lines: Counter[ReportLine]) -> str:
    (kind, reference_id), _ = lines.most_common(1)[0]
    reference = f" for reference {reference_id}" if reference_id else ""
    return f"{lines.total()} line(s), for example '{kind}'{reference},"


def _find_kind(error: str | None) -> str:
    if error is None:
        return ADDED
    return next((kind for beginning, kind in _KINDS.items() if error.startswith(beginning)), error)
