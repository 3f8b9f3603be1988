"""The misdeeds: each makes lines of a result file out of references that were given."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from samples.robot.robot import NOT_STATED, judge
from samples.robot.wire import Json

Line = bytes


@dataclass(frozen=True, slots=True)
class Misdeed:
    """What is done to a reference: the lines it gets, and how many of them the exchange should add all the same."""

    name: str
    lines: Callable[[Json], list[Line]]
    added: int = 0


def _good(reference: Json) -> Json:
    """Give an entry that is fine whatever the reference: one that can't be judged is tagged all the same."""
    entry = judge(reference)
    if "content" in entry:
        return entry
    content = {"enhancement_type": "annotation", "annotations": [NOT_STATED]}
    return {"reference_id": reference["id"], "source": "misbehaving", "visibility": "public", "content": content}


def _line(entry: Any) -> Line:
    return json.dumps(entry).encode()


def _with_annotation(reference: Json, **fields: Any) -> Line:
    entry = _good(reference)
    first, *others = entry["content"]["annotations"]
    return _line({**entry, "content": {**entry["content"], "annotations": [{**first, **fields}, *others]}})


def _without(reference: Json, name: str) -> Line:
    entry = _good(reference)
    del entry[name]
    return _line(entry)


def _nested(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels):
        value = {"in": value}
    return value


NOBODY_ASKED = "a reference nobody asked for"
LEFT_OUT = "left out"

MISDEEDS = (
    Misdeed("a good entry", lambda reference: [_line(_good(reference))], added=1),
    Misdeed("not JSON", lambda reference: [_line(_good(reference))[:-9]]),
    Misdeed("a text for a score", lambda reference: [_with_annotation(reference, score="very high")]),
    Misdeed("NaN for a score", lambda reference: [_with_annotation(reference, score=float("nan"))]),
    Misdeed("no source", lambda reference: [_without(reference, "source")]),
    Misdeed("a list for an entry", lambda reference: [_line([_good(reference)])]),
    Misdeed(
        "an unknown enhancement type",
        lambda reference: [_line({**_good(reference), "content": {"enhancement_type": "verdict", "verdict": "good"}})],
    ),
    Misdeed("an integer past 2^53", lambda reference: [_with_annotation(reference, data={"n": 2**60 + 1})]),
    Misdeed("150 levels of nesting", lambda reference: [_with_annotation(reference, data=_nested(150))]),
    Misdeed(NOBODY_ASKED, lambda reference: [_line({**_good(reference), "reference_id": str(uuid4())})]),
    Misdeed("the same entry twice", lambda reference: [_line(_good(reference))] * 2, added=1),
    Misdeed(
        "an error for a reference",
        lambda reference: [_line({"reference_id": reference["id"], "message": "I did not feel like it.\nSorry."})],
    ),
    Misdeed("blank lines around a good entry", lambda reference: [b"", _line(_good(reference)), b"  "], added=1),
    Misdeed(LEFT_OUT, lambda _reference: []),
)
