"""How time and memory grow with the work. Each operation runs in a new process, on fake stores."""

import asyncio
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from benchmarks.fake_stores import CountingDatabase, DiskResultFiles
from benchmarks.growth_process import BATCH, BATCH_FILE, make_fake_services
from benchmarks.inputs import ROOT, ResultMaker, make_dense_line, make_ids, make_long_line
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.batch import Batch
from exchange.domain.events import CallStarted, RobotAccepted
from exchange.domain.ids import new_id
from exchange.domain.lifecycle import apply, register
from exchange.use_cases.manifest_file import write_manifest

SIZES = (1_000, 10_000, 100_000, 1_000_000)
OPERATIONS = ("validate", "import", "snapshot")

MAX_EXPONENT = 1.05
_MEBI = 1 << 20
# For the maximum number of references of a batch.
MAX_MEMORY = 200 * _MEBI
# Up to this size the best of several attempts counts, because short runs vary with the load of the machine.
_ATTEMPTS = 3
_MAX_REPEATED_SIZE = 100_000

FLAT_SIZES = (64 * _MEBI, 1024 * _MEBI)
_FLAT_IDS = 10_000
# More than one chunk of an import.
DENSE_LINES = 40


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an operation: CPU seconds, and the peak memory of its process in bytes, before it and at the end."""

    seconds: float
    before: int
    peak: int
    requests: int
    added: int

    @property
    def memory(self) -> int:
        """The bytes that the operation took in addition to the idle process."""
        return self.peak - self.before


def fit_exponent(points: Sequence[tuple[float, float]]) -> float:
    """Fit time to a power of the size, and return the exponent. 1 means proportional growth."""
    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - mean_x) ** 2 for x in xs)


async def measure_operation(operation: str, folder: Path) -> Cost:
    """Run an operation in a new process."""
    command = (sys.executable, "-m", "benchmarks.growth_process", operation, str(folder))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return Cost(**json.loads(output))


async def make_batch(folder: Path, reference_ids: Sequence[UUID], lines: Iterator[bytes]) -> None:
    """Write a batch that its robot has accepted, with its manifest and its result."""
    services = make_fake_services(folder, CountingDatabase())
    request = BatchEnhancementRequestIn.model_construct(
        robot_id=new_id(), reference_ids=list(reference_ids), source=None
    )
    batch = register(new_id(), request, "benchmark", services.clock(), services.deadlines).batch
    for event in (CallStarted(1, new_id()), RobotAccepted()):
        batch = apply(batch, event, services.clock(), services.deadlines).batch
    await write_manifest(batch, reference_ids, services.files)
    DiskResultFiles(folder).write(batch.id, lines)
    _write_batch(folder, batch)


def _write_batch(folder: Path, batch: Batch) -> None:
    (folder / BATCH_FILE).write_bytes(BATCH.dump_json(replace(batch, due_at=None)))


async def measure_size(count: int, data: Path, attempts: int = _ATTEMPTS) -> dict[str, Cost]:
    """Run all operations at a size. The import uses the results of the validation."""
    with tempfile.TemporaryDirectory(prefix="growth") as name:
        folder = Path(name)
        reference_ids = make_ids(count)
        await make_batch(folder, reference_ids, ResultMaker(data).lines(reference_ids))
        accepted_batch = (folder / BATCH_FILE).read_bytes()
        found: dict[str, Cost] = {}
        for operation in OPERATIONS:
            for _ in range(attempts if count <= _MAX_REPEATED_SIZE else 1):
                if operation == "validate":
                    (folder / BATCH_FILE).write_bytes(accepted_batch)
                cost = await measure_operation(operation, folder)
                if operation not in found or cost.seconds < found[operation].seconds:
                    found[operation] = cost
        return found


def _make_lines(size: int, data: Path, line_size: int | None) -> Iterator[bytes]:
    """Yield lines until the file has this size: lines of the usual mix, or lines of `line_size` bytes."""
    reference_ids = make_ids(_FLAT_IDS)
    usual = ResultMaker(data).lines(reference_ids, count=size)
    written = 0
    for number in range(size):
        line = (
            next(usual) if line_size is None else make_long_line(reference_ids[number % _FLAT_IDS], number, line_size)
        )
        written += len(line) + 1
        if written > size:
            return
        yield line


async def measure_file_sizes(data: Path, line_size: int | None) -> list[Cost]:
    """Validate a small and a large file of the same references."""
    found = []
    for size in FLAT_SIZES:
        with tempfile.TemporaryDirectory(prefix="growth") as name:
            await make_batch(Path(name), make_ids(_FLAT_IDS), _make_lines(size, data, line_size))
            found.append(await measure_operation("validate", Path(name)))
    return found


async def measure_dense_lines() -> dict[str, Cost]:
    """Validate and import a result whose lines need much more memory as objects than as text."""
    with tempfile.TemporaryDirectory(prefix="growth") as name:
        ids = make_ids(DENSE_LINES)
        lines = (make_dense_line(reference_id, number, _MEBI) for number, reference_id in enumerate(ids))
        await make_batch(Path(name), ids, lines)
        return {operation: await measure_operation(operation, Path(name)) for operation in ("validate", "import")}
