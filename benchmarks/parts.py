"""How time and memory grow with the number of parts, up to a million references in a hundred parts."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import results
from benchmarks.fake_stores import CountingDatabase
from benchmarks.growth import MAX_EXPONENT, MAX_MEMORY, fit_exponent
from benchmarks.growth_process import BATCH, BATCH_FILE, make_fake_services
from benchmarks.inputs import ROOT, make_ids
from benchmarks.parts_process import WORKERS
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.division import Division
from exchange.domain.ids import new_id
from exchange.domain.lifecycle import divide, register
from exchange.use_cases.manifest_file import write_manifest

PART = 10_000
SIZES = (10_000, 100_000, 1_000_000)
# Short runs vary with the load of the machine, so the best of several counts.
_ATTEMPTS = {10_000: 5, 100_000: 2}
MEBI = 1 << 20

_METHOD = f"""\
{WORKERS} workers of one robot fetch parts of {PART:,} references, upload their results and report them, until the batch
request has ended with its report. It runs in one new process with the fakes of the section on growth. Time is the CPU
time of the exchange, from the first fetch to the end, without the robot's. Memory is the peak minus that before.
The files were in the folder `{tempfile.gettempdir()}`. `TMPDIR=/dev/shm` puts them in memory: gigabytes on a disk cost
CPU time that varies and is not the exchange's."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a batch request in parts. `accounted` counts the references whose end is known."""

    seconds: float
    memory: int
    parts: int
    accounted: int


async def measure_parts(count: int, part: int = PART) -> Cost:
    """Let robots work on a batch request with this many references, in a new process."""
    with tempfile.TemporaryDirectory(prefix="parts") as name:
        folder = Path(name)
        await _make_batch(count, folder)
        command = (sys.executable, "-m", "benchmarks.parts_process", name, str(part))
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        found = json.loads(output)
    accounted = found["counts"]["enhanced"] + found["counts"]["failed"] + found["counts"]["missing"]
    return Cost(found["seconds"], found["peak"] - found["before"], found["parts"], accounted)


async def _make_batch(count: int, folder: Path) -> None:
    services = make_fake_services(folder, CountingDatabase())
    reference_ids = make_ids(count)
    request = BatchEnhancementRequestIn.model_construct(robot_id=new_id(), reference_ids=reference_ids, source=None)
    registered = register(new_id(), request, "benchmark", services.clock(), services.deadlines)
    batch = divide(registered, Division(), services.deadlines).batch
    await write_manifest(batch, reference_ids, services.files)
    (folder / BATCH_FILE).write_bytes(BATCH.dump_json(batch))


async def run(_data: Path) -> None:
    """Measure everything and write the section."""
    found = {}
    for count in SIZES:
        costs = [await measure_parts(count) for _ in range(_ATTEMPTS.get(count, 1))]
        found[count] = min(costs, key=lambda cost: cost.seconds)
        print(f"{count:,} references in parts: {found[count].seconds:.1f} s {found[count].memory >> 20} MiB")
    results.write_section("Batch requests in parts", f"{_METHOD}\n\n{format_costs(found, 'CPU, s')}")


def format_costs(found: Mapping[int, Cost], time: str) -> str:
    """Return a table with a row for each number of references, and whether the goals are reached.

    `time` is the heading of the column of seconds.
    """
    lines = [
        f"| references | parts | {time} | us per reference | memory, MiB | accounted for |",
        "|---|---|---|---|---|---|",
    ]
    for count, cost in found.items():
        figures = f"{cost.seconds:.1f} | {1e6 * cost.seconds / count:.0f} | {cost.memory / MEBI:.0f}"
        lines.append(f"| {count:,} | {cost.parts} | {figures} | {cost.accounted:,} |")
    exponent = fit_exponent([(count, cost.seconds) for count, cost in found.items()])
    memory = max(cost.memory for cost in found.values())
    complete = all(cost.accounted == count for count, cost in found.items())
    reached = exponent <= MAX_EXPONENT and memory <= MAX_MEMORY and complete
    verdict = "goals reached" if reached else "GOALS MISSED"
    lines += [
        "",
        f"The exponent of time is {exponent:.3f} (maximum {MAX_EXPONENT}).",
        f"The memory is at most {memory / MEBI:.0f} MiB (maximum {MAX_MEMORY / MEBI:.0f}): {verdict}.",
    ]
    return "\n".join(lines)
