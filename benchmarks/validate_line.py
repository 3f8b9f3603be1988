"""A line of a result: parse it, check it, note it in the manifest, write its message. No I/O."""

import json
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from benchmarks.figures import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, ids
from benchmarks.site import Site
from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest

GOAL = Goal(
    name="validate a line",
    unit="lines/s",
    naive=Bound(15),
    limit=Bound(0.25, floor=0.18),
    why=(
        "Of the 3.6 us that a line takes, orjson alone takes 0.9. Decoding with every check takes 0.8, the key of its "
        "reference and encoding 0.5 each; the rest is calls and putting lines together. What would help: a check that "
        "is no Python."
    ),
)

# A slice of a result as it comes from the blob is a mebibyte.
_SLICE = 1_000


def naive_line(line: bytes, wanted: set[UUID]) -> str:
    """Check a line as a first version would: an adapter made where it is needed, a text for the report."""
    try:
        adapter: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
        entry = adapter.validate_python(json.loads(line))
    except (ValueError, ValidationError) as error:
        return f"Entry: {error}\n"
    if entry.reference_id not in wanted:
        return f"Reference {entry.reference_id}: not requested\n"
    if isinstance(entry, LinkedRobotError):
        return f"Reference {entry.reference_id}: {entry.message}\n"
    return f"Reference {entry.reference_id}: Enhancement added.\n"


def _ours(lines: Sequence[bytes], reference_ids: Sequence[UUID]) -> None:
    validator = EntryValidator(Manifest(reference_ids), 1 << 20)
    for start in range(0, len(lines), _SLICE):
        validator.validate(lines[start : start + _SLICE])


def _naive(lines: Sequence[bytes], reference_ids: Sequence[UUID]) -> None:
    wanted = set(reference_ids)
    report = ""
    for line in lines:
        report += naive_line(line, wanted)


def _limit(lines: Sequence[bytes], _reference_ids: Sequence[UUID]) -> None:
    for line in lines:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            continue


def _rate(way: Callable[[Sequence[bytes], Sequence[UUID]], None], lines: Sequence[bytes], known: list[UUID]) -> float:
    begun = time.perf_counter()
    way(lines, known)
    return len(lines) / (time.perf_counter() - begun)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure lines a second. The naive way gets fewer lines, the same mix of them."""
    known = ids(effort.size(20_000, 100_000))
    lines = list(ResultMaker(site.folder).lines(known))
    few = lines[: effort.size(200, 1_000)]
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: [], LIMIT: []}
    for _ in range(effort.rounds):
        rounds[OURS].append(_rate(_ours, lines, known))
        rounds[NAIVE].append(_rate(_naive, few, known))
        rounds[LIMIT].append(_rate(_limit, lines, known))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
