"""`python -m benchmarks`: measure everything and write RESULTS.md. `--short`: measure and check the table only."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import fetched_flow, flow, growth_report, many_batches, parts, results, table
from benchmarks.goals import Benchmark, Effort, Row
from benchmarks.inputs import SAMPLES
from benchmarks.site import running_site

_SHORT = Effort(full=False, rounds=2)
_FULL = Effort(full=True, rounds=5)

_TABLE_TEXT = """\
The columns have the figure of the exchange, of a naive implementation, and of a limit that no implementation can
exceed. "To naive" is how many times better the exchange is than the naive implementation, and "to limit" is the ratio
to the limit. In the rows of the whole flow, the naive implementation is the same app without the fast parser, on the
complete local stack. `make bench-short` fails below the floor, which is easier than the goal where the goal cannot be
reached. Each figure is the median of its rounds, and each ratio is of two medians."""


def _find_name(benchmark: Benchmark) -> str:
    """Return the name of the benchmark's module."""
    return benchmark.measure.__module__.rpartition(".")[2]


async def measure_table(effort: Effort, folder: Path, only: str | None = None) -> list[Row]:
    """Measure all benchmarks of the table, or one of them, on the same emulators."""
    found: list[Row] = []
    async with running_site("--emulators-only", folder=folder) as site:
        for benchmark in table.BENCHMARKS:
            if only not in {None, _find_name(benchmark)}:
                continue
            started = time.monotonic()
            rows = await table.measure_rows(benchmark, site, effort)
            found += rows
            names = ", ".join(row.goal.name for row in rows)
            print(f"{names}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    return found


async def _write_table(folder: Path) -> None:
    rows = await measure_table(_FULL, folder)
    missed = [f"- {text}. {row.goal.explanation}".rstrip() for row in rows for text in row.missed_goals]
    explanation = "\n".join(["Goals that were not reached:", "", *missed]) if missed else "Every goal is reached."
    text = f"{_TABLE_TEXT}\n\n{table.format_markdown(rows)}\n{explanation}"
    results.write_section("Compared with a naive implementation and a limit", text)


PARTS: dict[str, Callable[[Path], Awaitable[None]]] = {
    "table": _write_table,
    "growth": growth_report.run,
    "parts": parts.run,
    "fetched": fetched_flow.run,
    "many_batches": many_batches.run,
    "flow": flow.run,
}
"""The parts of the full run, in order."""


async def _run_full(folder: Path, only: str | None) -> None:
    for name, run_part in PARTS.items():
        if only in {None, name}:
            started = time.monotonic()
            await run_part(folder)
            print(f"{name}: {time.monotonic() - started:.0f} s")


async def _run_short(folder: Path, only: str | None) -> int:
    rows = await measure_table(_SHORT, folder, only)
    print(table.format_text(rows))
    failures = [text for row in rows for text in row.missed_floors]
    print("\n".join(["", "Below the floor:", *failures]) if failures else "\nEvery figure is at its floor or better.")
    return 1 if failures else 0


def main() -> int:
    """Run the benchmarks. Return 1 if a figure of the short run misses its floor."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="measure only the table, in about three minutes")
    parser.add_argument("--data", type=Path, default=SAMPLES, help="a folder with references for the inputs")
    parser.add_argument("--only", help=f"one part: {', '.join(PARTS)}. With --short, the module of one benchmark")
    arguments = parser.parse_args()
    names = list(map(_find_name, table.BENCHMARKS)) if arguments.short else list(PARTS)
    if arguments.only not in {None, *names}:
        parser.error(f"unknown benchmark '{arguments.only}'. Choose from: {', '.join(names)}")
    if arguments.short:
        return asyncio.run(_run_short(arguments.data, arguments.only))
    asyncio.run(_run_full(arguments.data, arguments.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
