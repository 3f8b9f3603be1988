"""Validation of result lines without I/O: parse, check, record in the manifest, and write the line of the report."""

import json
import time
from collections.abc import Callable, Sequence
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from benchmarks.goals import LIMIT, NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ResultMaker, make_ids
from benchmarks.site import Site
from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.entries import EntryValidator
from exchange.domain.ids import new_id
from exchange.domain.manifest import Manifest
from exchange.domain.origin import Origin

GOAL = Goal(
    name="validate a line",
    unit="lines/s",
    naive=Bound(15, floor=6),
    limit=Bound(0.25, floor=0.045),
    explanation=(
        "Decoding with all checks takes as long as orjson alone. The encoding takes half as long, and the line of the "
        "report twice as long. The id and the origin of the enhancement, which the import does not have to add any "
        "more, take as long as the report. The rest is function calls and joining lines. Making report lines without "
        "an object and a JSON library would help, but not in the whole flow."
    ),
)

PREBUILT = Goal(
    name="validate a line, naive with one adapter",
    unit="lines/s",
    naive=Bound(1.3, floor=0.3),
    explanation=(
        "The naive implementation makes its pydantic adapter once. It does not find duplicates, bound brackets or "
        "count kinds. It does not check what the store can hold and what one reference may have. It does not write "
        "the accepted entries."
    ),
)

_ADAPTER: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)

# About as many lines as one download from Blob Storage has, which is a mebibyte.
_SLICE = 1_000


Parse = Callable[[bytes], Enhancement | LinkedRobotError]


def parse_naively(line: bytes) -> Enhancement | LinkedRobotError:
    """Parse a line as a first version would: make the adapter each time."""
    adapter: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
    return adapter.validate_python(json.loads(line))


def parse_with_one_adapter(line: bytes) -> Enhancement | LinkedRobotError:
    """Parse a line as a second version would: make the adapter once."""
    return _ADAPTER.validate_json(line)


def validate_naively(line: bytes, requested: set[UUID], parse: Parse) -> str:
    """Validate a line, and return the text for the report."""
    try:
        entry = parse(line)
    except ValueError as error:
        return f"Entry: {error}\n"
    if entry.reference_id not in requested:
        return f"Reference {entry.reference_id}: not requested\n"
    if isinstance(entry, LinkedRobotError):
        return f"Reference {entry.reference_id}: {entry.message}\n"
    return f"Reference {entry.reference_id}: Enhancement added.\n"


def _run_ours(lines: Sequence[bytes], reference_ids: Sequence[UUID]) -> None:
    validator = EntryValidator(Manifest(reference_ids), Origin(new_id(), new_id(), 0.0), 1 << 20)
    for start in range(0, len(lines), _SLICE):
        validator.validate(lines[start : start + _SLICE])


def _run_naive(lines: Sequence[bytes], reference_ids: Sequence[UUID], parse: Parse = parse_naively) -> None:
    requested = set(reference_ids)
    report = ""
    for line in lines:
        report += validate_naively(line, requested, parse)


def _run_one_adapter(lines: Sequence[bytes], reference_ids: Sequence[UUID]) -> None:
    _run_naive(lines, reference_ids, parse_with_one_adapter)


def _run_limit(lines: Sequence[bytes], _reference_ids: Sequence[UUID]) -> None:
    for line in lines:
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            continue


def _measure_rate(
    run: Callable[[Sequence[bytes], Sequence[UUID]], None], lines: Sequence[bytes], reference_ids: list[UUID]
) -> float:
    started = time.perf_counter()
    run(lines, reference_ids)
    return len(lines) / (time.perf_counter() - started)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure lines per second. The naive implementation gets fewer lines with the same mix."""
    reference_ids = make_ids(effort.choose(20_000, 100_000))
    lines = list(ResultMaker(site.folder).lines(reference_ids))
    few = lines[: effort.choose(200, 1_000)]
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: [], LIMIT: []}
    one_adapter: list[float] = []
    for _ in range(effort.rounds):
        rounds[OURS].append(_measure_rate(_run_ours, lines, reference_ids))
        rounds[NAIVE].append(_measure_rate(_run_naive, few, reference_ids))
        one_adapter.append(_measure_rate(_run_one_adapter, lines, reference_ids))
        rounds[LIMIT].append(_measure_rate(_run_limit, lines, reference_ids))
    return {GOAL.name: rounds, PREBUILT.name: {OURS: rounds[OURS], NAIVE: one_adapter}}


BENCHMARK = Benchmark((GOAL, PREBUILT), measure)
