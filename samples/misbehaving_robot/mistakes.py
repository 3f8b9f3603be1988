"""The mistakes. Each turns a reference that the robot received into lines of a result file."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from samples.robot_from_scratch.robot import NOT_STATED, make_entry
from samples.robot_from_scratch.wire import Json

Line = bytes


@dataclass(frozen=True, slots=True)
class Mistake:
    """A kind of mistake. `lines` makes the lines for a reference. The exchange should add `added` of them."""

    name: str
    lines: Callable[[Json], list[Line]]
    added: int = 0


def _make_valid_entry(reference: Json) -> Json:
    """Return a valid entry, with the label `not stated` if the sample robot would report an error."""
    entry = make_entry(reference)
    if "content" in entry:
        return entry
    content = {"enhancement_type": "annotation", "annotations": [NOT_STATED]}
    return {"reference_id": reference["id"], "source": "misbehaving", "visibility": "public", "content": content}


def _to_line(entry: Any) -> Line:
    return json.dumps(entry).encode()


def _with_annotation(reference: Json, **fields: Any) -> Line:
    entry = _make_valid_entry(reference)
    first, *others = entry["content"]["annotations"]
    return _to_line({**entry, "content": {**entry["content"], "annotations": [{**first, **fields}, *others]}})


def _without(reference: Json, name: str) -> Line:
    entry = _make_valid_entry(reference)
    del entry[name]
    return _to_line(entry)


def _nest(levels: int) -> Json:
    value: Json = {}
    for _ in range(levels):
        value = {"in": value}
    return value


NOT_REQUESTED_REFERENCE = "a reference not requested"
LEFT_OUT = "no entry for a reference"

MISTAKES = (
    Mistake("a valid entry", lambda reference: [_to_line(_make_valid_entry(reference))], added=1),
    Mistake("not JSON", lambda reference: [_to_line(_make_valid_entry(reference))[:-9]]),
    Mistake("a text as the score", lambda reference: [_with_annotation(reference, score="very high")]),
    Mistake("NaN as the score", lambda reference: [_with_annotation(reference, score=float("nan"))]),
    Mistake("no source", lambda reference: [_without(reference, "source")]),
    Mistake("a list as the entry", lambda reference: [_to_line([_make_valid_entry(reference)])]),
    Mistake(
        "an unknown enhancement type",
        lambda reference: [
            _to_line({**_make_valid_entry(reference), "content": {"enhancement_type": "opinion", "opinion": "good"}})
        ],
    ),
    Mistake("an integer beyond 2^53", lambda reference: [_with_annotation(reference, data={"n": 2**60 + 1})]),
    Mistake("150 levels of nesting", lambda reference: [_with_annotation(reference, data=_nest(150))]),
    Mistake(
        NOT_REQUESTED_REFERENCE,
        lambda reference: [_to_line({**_make_valid_entry(reference), "reference_id": str(uuid4())})],
    ),
    Mistake("the same entry twice", lambda reference: [_to_line(_make_valid_entry(reference))] * 2, added=1),
    Mistake(
        "an error for a reference",
        lambda reference: [_to_line({"reference_id": reference["id"], "message": "The model failed.\nTry later."})],
    ),
    Mistake(
        "blank lines around a valid entry",
        lambda reference: [b"", _to_line(_make_valid_entry(reference)), b"  "],
        added=1,
    ),
    Mistake(LEFT_OUT, lambda _reference: []),
)
