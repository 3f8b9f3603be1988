"""The command `exchange`: how soon it prints its first output, and how much memory a large reference file needs."""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.goals import LIMIT, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ROOT, make_references
from benchmarks.site import Site
from exchange.contract.references import ReferenceFileInput
from exchange.formats import Format, Row, write_references

START = Goal(
    name="exchange --help",
    unit="s",
    limit=Bound(3, at_most=True, floor=8),
    ours=Bound(0.3, at_most=True, floor=3),
    lower_is_better=True,
    explanation="The limit is Python that imports the parser of command lines. The help is drawn by rich.",
)
MEMORY = Goal(
    name="references load --dry-run, RIS",
    unit="MiB",
    ours=Bound(200, at_most=True),
    lower_is_better=True,
)

_SHORT_RECORDS, _FULL_RECORDS = 10_000, 100_000
_EXTRA_ROUNDS = 3
# Prints the peak in MiB at the end. It is the one that Linux counts from the start of the program on. `ru_maxrss` also
# has that of the process before it.
RUN = """
import re, sys
from pathlib import Path
from exchange.cli.main import run
code = run(sys.argv[1:])
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
sys.exit(code)
"""


async def run_python(*arguments: str, **environment: str) -> tuple[float, str]:
    """Run Python with these variables. Return the seconds until it ended, and what it printed."""
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{arguments} ended with {process.returncode}")
    return time.perf_counter() - started, output.decode()


def _write_library(folder: Path, count: int) -> Path:
    library = folder / "library.ris"
    rows = (Row(ReferenceFileInput.model_validate(reference)) for reference in make_references(count))
    write_references(library, Format.RIS, rows)
    return library


async def measure(_site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure each start in a new process. The first does not count, because it reads from the disk."""
    help_arguments = ("-m", "exchange.cli", "--help")
    await run_python(*help_arguments)
    starts: dict[str, list[float]] = {OURS: [], LIMIT: []}
    for _ in range(effort.rounds + _EXTRA_ROUNDS):
        starts[OURS].append((await run_python(*help_arguments))[0])
        starts[LIMIT].append((await run_python("-c", "import cyclopts"))[0])
    with tempfile.TemporaryDirectory() as folder:
        count = effort.choose(_SHORT_RECORDS, _FULL_RECORDS)
        library = await asyncio.to_thread(_write_library, Path(folder), count)
        _, output = await run_python("-c", RUN, "references", "load", "--dry-run", str(library))
    return {START.name: starts, MEMORY.name: {OURS: [float(output)]}}


BENCHMARK = Benchmark((START, MEMORY), measure)
