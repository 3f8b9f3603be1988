"""`python -m benchmarks`: all of it, into RESULTS.md; `--short`: the table alone, and whether each floor holds."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import flow, growth_page, many, results, table
from benchmarks.figures import Benchmark, Effort, Row
from benchmarks.inputs import SAMPLES
from benchmarks.site import running_site

_SHORT = Effort(full=False, rounds=2)
_FULL = Effort(full=True, rounds=5)


def _name(benchmark: Benchmark) -> str:
    """Return the name of the module that it is in."""
    return benchmark.measure.__module__.rpartition(".")[2]


async def measure_table(effort: Effort, folder: Path, only: str | None = None) -> list[Row]:
    """Measure all rows, or one benchmark's, on one pair of emulators."""
    found: list[Row] = []
    async with running_site("--emulators-only", folder=folder) as site:
        for benchmark in table.BENCHMARKS:
            if only not in {None, _name(benchmark)}:
                continue
            begun = time.monotonic()
            rows = await table.rows(benchmark, site, effort)
            found += rows
            print(f"{', '.join(row.goal.name for row in rows)}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return found


async def _table(folder: Path) -> None:
    found = await measure_table(_FULL, folder)
    short = [f"- {text}. {row.goal.why}".rstrip() for row in found for text in row.short]
    said = "\n".join(["Short of their goals:", "", *short]) if short else "Every goal is reached."
    text = "Each figure is the median of its rounds, and each ratio is one of these medians."
    results.write_section("Against the naive way and the limit", f"{text}\n\n{table.markdown(found)}\n{said}")


PARTS: dict[str, Callable[[Path], Awaitable[None]]] = {
    "table": _table,
    "growth": growth_page.run,
    "many": many.run,
    "flow": flow.run,
}
"""What the full run consists of, in its order."""


async def _full(folder: Path, only: str | None) -> None:
    for name, part in PARTS.items():
        if only in {None, name}:
            begun = time.monotonic()
            await part(folder)
            print(f"{name}: {time.monotonic() - begun:.0f} s")


async def _short(folder: Path, only: str | None) -> int:
    found = await measure_table(_SHORT, folder, only)
    print(table.plain(found))
    missed = [text for row in found for text in row.missed]
    print("\n".join(["", *missed]) if missed else "\nEvery floor holds.")
    return 1 if missed else 0


def main() -> int:
    """Run the benchmarks; 1 if a floor does not hold in the short run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="the table alone, in about a minute")
    parser.add_argument("--data", type=Path, default=SAMPLES, help="a folder of references to make the inputs from")
    parser.add_argument("--only", help=f"one part: {', '.join(PARTS)}; in the short run, one benchmark's module")
    given = parser.parse_args()
    names = list(map(_name, table.BENCHMARKS)) if given.short else list(PARTS)
    if given.only not in {None, *names}:
        parser.error(f"there is no '{given.only}' to measure, but {', '.join(names)}")
    if given.short:
        return asyncio.run(_short(given.data, given.only))
    asyncio.run(_full(given.data, given.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
