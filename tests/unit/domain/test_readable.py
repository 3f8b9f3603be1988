"""Jobs of robots that fetch have no annotation that the SDK would refuse, and every line stays one JSON object."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.paging import ReferencePart
from exchange.domain.readable import ReadableParts

ID = "11111111-1111-4111-8111-111111111111"
ABSTRACT: dict[str, Any] = {"enhancement_type": "abstract", "process": "other", "abstract": "a/b"}


def make_enhancement(schemes: Sequence[str]) -> StoredEnhancement:
    """Return annotations with these schemes, or an abstract if there are none."""
    annotations = [
        {"annotation_type": "boolean", "scheme": scheme, "label": "l/m", "value": True} for scheme in schemes
    ]
    content = {"enhancement_type": "annotation", "annotations": annotations} if schemes else ABSTRACT
    return StoredEnhancement.model_validate(
        {"reference_id": ID, "source": "s", "visibility": "public", "content": content}, strict=False
    )


def write(readable: ReadableParts, *parts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Write one reference whose enhancements have these schemes, in parts. Return the schemes in its line."""
    lines = b""
    for number, part in enumerate(parts, 1):
        reference = Reference.model_validate({"id": ID}, strict=False)
        own = reference.model_copy(update={"enhancements": [make_enhancement(schemes) for schemes in part]})
        lines += readable.to_jsonl(ReferencePart(own, first=number == 1, last=number == len(parts)))
    (line,) = lines.splitlines()
    enhancements = json.loads(line)["enhancements"]
    return [[item["scheme"] for item in found["content"].get("annotations", [])] for found in enhancements]


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ([[["a:b"], []]], [["a:b"], []]),
        ([[["a/b", "c", ""], ["/"], ["d"]]], [["c"], ["d"]]),
        ([[["a/b"]]], []),
        ([[]], []),
        ([[["a/b"]], [["c"]], []], [["c"]]),
        ([[["a/b"]], [["/"]], [["c"], ["d"]], [["e"]], []], [["c"], ["d"], ["e"]]),
        ([[["a"]], [["b/c"]], [["d"]], []], [["a"], ["d"]]),
        ([[["a/b"]], [["c/d"]], []], []),
        ([[["a"]], [["b"]], [["c/d"]]], [["a"], ["b"]]),
    ],
)
def test_only_annotations_with_a_readable_scheme_are_left(parts: list[list[list[str]]], left: list[list[str]]) -> None:
    readable = ReadableParts()
    # The second reference of a file does not depend on the first one.
    for _ in range(2):
        assert write(readable, *parts) == left


def test_a_reference_without_such_annotations_is_written_as_for_other_robots() -> None:
    reference = Reference.model_validate({"id": ID}, strict=False)
    own = reference.model_copy(update={"enhancements": [make_enhancement(["a", "b"]), make_enhancement([])]})
    part = ReferencePart(own)
    assert ReadableParts().to_jsonl(part) == part.to_jsonl()
