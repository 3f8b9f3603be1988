"""How time and memory grow with the work: each step in a process of its own, on doubles of the stores."""

import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from benchmarks.doubles import CountingDatabase, DiskResultFiles
from benchmarks.growth_child import BATCH, BATCH_FILE, make_services
from benchmarks.inputs import ROOT, ResultMaker, ids, long_line
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.batch import Batch
from exchange.domain.events import CallStarted, RobotAccepted
from exchange.domain.ids import new_id
from exchange.domain.lifecycle import apply, register
from exchange.use_cases.manifest_file import write_manifest

SIZES = (1_000, 10_000, 100_000, 1_000_000)
STEPS = ("validate", "import", "snapshot")

MOST_EXPONENT = 1.05
MOST_MEMORY = 1.3
# Small sizes are over before what else runs has averaged out: the best of so many counts.
_TRIES = 3
_MANY = 100_000

_MEBI = 1 << 20
FLAT_SIZES = (64 * _MEBI, 1024 * _MEBI)
_FLAT_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Grown:
    """What a step took at a size: seconds, the process's peak memory in bytes, and what it had before it began."""

    seconds: float
    before: int
    peak: int
    requests: int
    added: int


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Fit how time grows with the work: 1 is in proportion."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - middle_x) ** 2 for x in xs)


def smallest_manifest(count: int) -> int:
    """Return what ids take in memory in their smallest form, in bytes: 16 of each in a set."""
    made = {number.to_bytes(16) for number in range(count)}
    return sys.getsizeof(made) + count * sys.getsizeof(bytes(16))


async def grow(step: str, folder: Path) -> Grown:
    """Do a step in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.growth_child", step, str(folder))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return Grown(**json.loads(said))


async def make_batch(folder: Path, known: Sequence[UUID], lines: Iterator[bytes]) -> None:
    """Lay out a batch that its robot has taken, its manifest and its result."""
    services = make_services(folder, CountingDatabase())
    order = BatchEnhancementRequestIn.model_construct(robot_id=new_id(), reference_ids=list(known), source=None)
    batch = register(new_id(), order, "benchmark", services.clock(), services.deadlines).batch
    for event in (CallStarted(1, new_id()), RobotAccepted()):
        batch = apply(batch, event, services.clock(), services.deadlines).batch
    await write_manifest(batch.id, known, services.files)
    DiskResultFiles(folder).write(batch.id, lines)
    _write_batch(folder, batch)


def _write_batch(folder: Path, batch: Batch) -> None:
    (folder / BATCH_FILE).write_bytes(BATCH.dump_json(replace(batch, due_at=None)))


async def at_size(count: int, data: Path) -> dict[str, Grown]:
    """Do all steps at a size, the import on what the validation left."""
    with tempfile.TemporaryDirectory(prefix="growth") as place:
        folder = Path(place)
        known = ids(count)
        await make_batch(folder, known, ResultMaker(data).lines(known))
        made = (folder / BATCH_FILE).read_bytes()
        found: dict[str, Grown] = {}
        for step in STEPS:
            for _ in range(_TRIES if count <= _MANY else 1):
                if step == "validate":
                    (folder / BATCH_FILE).write_bytes(made)
                grown = await grow(step, folder)
                if step not in found or grown.seconds < found[step].seconds:
                    found[step] = grown
        return found


def _result_of(size: int, data: Path, line_size: int | None) -> Iterator[bytes]:
    """Yield lines until the file has this size: of the usual mix, or all of one length."""
    known = ids(_FLAT_IDS)
    usual = ResultMaker(data).lines(known, count=size)
    written = 0
    for number in range(size):
        line = next(usual) if line_size is None else long_line(known[number % _FLAT_IDS], number, line_size)
        written += len(line) + 1
        if written > size:
            return
        yield line


async def flat(data: Path, line_size: int | None) -> list[Grown]:
    """Validate a small file and a large one, of the same references."""
    found = []
    for size in FLAT_SIZES:
        with tempfile.TemporaryDirectory(prefix="growth") as place:
            await make_batch(Path(place), ids(_FLAT_IDS), _result_of(size, data, line_size))
            found.append(await grow("validate", Path(place)))
    return found
