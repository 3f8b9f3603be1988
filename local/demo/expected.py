"""What the report of each act should say, worked out without the exchange."""

from collections import Counter
from collections.abc import Iterable, Mapping

from local.demo.requestor import DemoError, Json
from samples.misbehaving_robot.misdeeds import LEFT_OUT, MISDEEDS, NOBODY_ASKED
from samples.robot.robot import judge

ADDED = "added"
ROBOT_ERROR = "the robot reported an error"
UNREADABLE = "could not be read"
STRANGER = "nobody asked for"
REPEATED = "repeated"
UNSTORABLE = "can't be stored"
MISSING = "missing"

# How the report begins its sentences, and what the demo calls that.
_SENTENCES = {
    "The robot reported": ROBOT_ERROR,
    "Could not be read": UNREADABLE,
    "Not one of the references": STRANGER,
    "The same enhancement": REPEATED,
    "Can't be stored": UNSTORABLE,
    "Missing": MISSING,
}

# What the report makes of each misdeed.
NAMED: Mapping[str, tuple[str, ...]] = {
    "a good entry": (ADDED,),
    "not JSON": (UNREADABLE, MISSING),
    "a text for a score": (UNREADABLE, MISSING),
    "NaN for a score": (UNREADABLE, MISSING),
    "no source": (UNREADABLE, MISSING),
    "a list for an entry": (UNREADABLE, MISSING),
    "an unknown enhancement type": (UNREADABLE, MISSING),
    "an integer past 2^53": (UNSTORABLE,),
    "150 levels of nesting": (UNSTORABLE,),
    NOBODY_ASKED: (STRANGER, MISSING),
    "the same entry twice": (ADDED, REPEATED),
    "an error for a reference": (ROBOT_ERROR,),
    "blank lines around a good entry": (ADDED,),
    LEFT_OUT: (MISSING,),
}

# A line of the report: what it is about, and the reference, where it is one of ours.
Statement = tuple[str, str | None]
_OF_NO_REFERENCE = {UNREADABLE, STRANGER}


def statements(report: Iterable[Json]) -> Counter[Statement]:
    """Say what a report states, how often."""
    return Counter(_statement(_kind(line["error"]), line["reference_id"]) for line in report)


def counts(found: Counter[Statement]) -> Counter[str]:
    """Count by what the lines are about."""
    totals: Counter[str] = Counter()
    for (kind, _), number in found.items():
        totals[kind] += number
    return totals


def of_first_act(references: Mapping[str, Json]) -> Counter[Statement]:
    """Give one line for each reference: what can be judged is enhanced, for the rest the robot has an error."""
    expected: Counter[Statement] = Counter()
    for reference_id, given in references.items():
        enhancements = [{**enhancement, "id": None} for enhancement in given["enhancements"]]
        entry = judge({"id": reference_id, "enhancements": enhancements})
        expected[_statement(ADDED if "content" in entry else ROBOT_ERROR, reference_id)] += 1
    return expected


def of_second_act(account: Mapping[str, list[str]]) -> Counter[Statement]:
    """Give what the misbehaving robot's account of itself makes the report say."""
    expected: Counter[Statement] = Counter()
    for misdeed in MISDEEDS:
        if not account.get(misdeed.name):
            raise DemoError(f"The robot should have tried '{misdeed.name}', and did not.")
        expected.update(_statement(kind, item) for item in account[misdeed.name] for kind in NAMED[misdeed.name])
    return expected


def check(expected: Counter[Statement], found: Counter[Statement]) -> None:
    """Raise DemoError, saying what is different, unless the report states what it should."""
    said = [f"it lacks {_words(expected - found)}"] if expected - found else []
    said += [f"it should not have {_words(found - expected)}"] if found - expected else []
    if said:
        raise DemoError(f"The report is not what it should be: {', and '.join(said)}.")


def _words(different: Counter[Statement]) -> str:
    (kind, reference_id), _ = different.most_common(1)[0]
    of = f" of reference {reference_id}" if reference_id else ""
    return f"{different.total()} line(s), as '{kind}'{of}"


def _statement(kind: str, reference_id: str | None) -> Statement:
    return kind, None if kind in _OF_NO_REFERENCE else reference_id


def _kind(error: str | None) -> str:
    if error is None:
        return ADDED
    return next((kind for start, kind in _SENTENCES.items() if error.startswith(start)), error)
