"""What the robot kit costs for each reference, besides the author's function: parse, call, validate and write."""

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.goals import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import make_ids, make_references
from benchmarks.site import Site
from exchange.contract.base import to_jsonl
from exchange.contract.enhancements import AnnotationSet, BooleanAnnotation, Enhancement, Visibility
from exchange.contract.references import Reference
from exchange.robots import Annotation, Robot, annotation
from exchange.robots.functions import Failures
from exchange.robots.reference import Reference as KitReference
from exchange.robots.reference import parse_reference

GOAL = Goal(
    name="robot kit, one reference",
    unit="µs",
    naive=Bound(0.5, floor=0.15),
    ours=Bound(50, at_most=True, floor=500),
    lower_is_better=True,
    explanation="The naive robot parses and writes with the models of the contract, in one thread, and keeps no state.",
)

_COUNT = 5_000
_WINDOW = 500

robot = Robot("benchmark", version="1", needs=["bibliographic", "abstract"])


@robot.enhance
def _tag(_reference: KitReference) -> Annotation:
    return annotation("scheme", "label", score=0.5)


def _make_lines() -> list[bytes]:
    """Return references as a robot receives them."""
    ids = iter(make_ids(3 * _COUNT))
    lines: list[bytes] = []
    for given in make_references(_COUNT):
        reference_id = next(ids)
        enhancements = [
            {**{key: value for key, value in item.items() if key != "enhancement_type"}, "id": next(ids)}
            for item in given["enhancements"][:2]
        ]
        fields: dict[str, Any] = {
            "id": reference_id,
            "identifiers": given["identifiers"],
            "enhancements": [{**item, "reference_id": reference_id} for item in enhancements],
        }
        lines.append(to_jsonl(Reference.model_validate(fields, strict=False)))
    return lines


async def _run_kit(lines: Sequence[bytes]) -> None:
    judge = robot.make_judge(workers=1)
    for start in range(0, len(lines), _WINDOW):
        await judge.judge([parse_reference(line) for line in lines[start : start + _WINDOW]], Failures())
    judge.close()


def _run_naive(lines: Sequence[bytes]) -> None:
    for line in lines:
        reference = Reference.model_validate_json(line)
        found = BooleanAnnotation(annotation_type="boolean", scheme="scheme", label="label", value=True, score=0.5)
        enhancement = Enhancement(
            reference_id=reference.id,
            source="benchmark",
            visibility=Visibility.PUBLIC,
            content=AnnotationSet(enhancement_type="annotation", annotations=[found]),
        )
        to_jsonl(enhancement)


async def measure(_site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure microseconds of each reference."""
    lines = _make_lines()
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: []}
    for _ in range(effort.rounds):
        started = time.perf_counter()
        await _run_kit(lines)
        rounds[OURS].append(1e6 * (time.perf_counter() - started) / len(lines))
        started = time.perf_counter()
        _run_naive(lines)
        rounds[NAIVE].append(1e6 * (time.perf_counter() - started) / len(lines))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
